# KTDA's teacher, frozen, in the student's place; its pyramid and its decoders.
_base_ = '../../../_base_/models/ktda.py'
head = _base_.model.decode_head
model = dict(
    _delete_=True,
    type='EncoderDecoder',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(_base_.model.teacher, frozen_stages=12),
    neck=head.pyramid,
    decode_head=head.decoder,
    auxiliary_head=head.auxiliary,
    train_cfg=_base_.model.train_cfg,
    test_cfg=_base_.model.test_cfg,
)
