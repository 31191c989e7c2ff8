# Lu et al. 2022: a transformer and a convolutional branch that guide each other.
_base_ = '../../../_base_/encoder_decoder.py'
model = dict(
    data_preprocessor=dict(size=(512, 512), test_cfg=dict(size_divisor=32)),
    backbone=dict(type='DBNet', norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='DBNetHead',
        in_channels=[64, 192, 384, 1408],
        in_index=[0, 1, 2, 3],
        channels=16,
        num_classes=4,
        dropout_ratio=0,
        norm_cfg=_base_.norm_cfg,
        align_corners=True,
    ),
)
