# What baselines share with KTDA: the statistics of ImageNet, images predicted whole, and parts that
# some of them take over.
_base_ = '../../_base_/models/ktda.py'
student = _base_.model.backbone
teacher = _base_.model.teacher
pyramid = _base_.model.decode_head.pyramid
decoder = _base_.model.decode_head.decoder
auxiliary = _base_.model.decode_head.auxiliary
model = dict(
    _delete_=True,
    type='EncoderDecoder',
    data_preprocessor=_base_.model.data_preprocessor,
    train_cfg=_base_.model.train_cfg,
    test_cfg=_base_.model.test_cfg,
)
