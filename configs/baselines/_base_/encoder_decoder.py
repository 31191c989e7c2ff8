# What all baselines share with KTDA: the statistics of ImageNet, and images predicted whole.
_base_ = '../../_base_/models/ktda.py'
model = dict(
    _delete_=True,
    type='EncoderDecoder',
    data_preprocessor=_base_.model.data_preprocessor,
    train_cfg=_base_.model.train_cfg,
    test_cfg=_base_.model.test_cfg,
)
# for those that train with a decoder beside the main one
auxiliary = _base_.model.decode_head.auxiliary
