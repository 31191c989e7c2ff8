# KTDA's student and decoders with nothing between them.
_base_ = '../../../_base_/models/ktda.py'
head = _base_.model.decode_head
model = dict(
    _delete_=True,
    type='EncoderDecoder',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    decode_head=dict(head.decoder, in_channels=[128, 256, 512, 1024]),
    auxiliary_head=dict(head.auxiliary, in_channels=512),
    train_cfg=_base_.model.train_cfg,
    test_cfg=_base_.model.test_cfg,
)
