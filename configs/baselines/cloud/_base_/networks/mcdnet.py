# Dong et al. 2024: the image beside itself without thin clouds; it recovers the pixels for that.
_base_ = '../../../_base_/encoder_decoder.py'
half = [127.5] * 3
model = dict(
    data_preprocessor=dict(mean=half, std=half, size=(512, 512), test_cfg=dict(size_divisor=32)),
    backbone=dict(type='MCDNet', mean=half, std=half, norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='MCDNetHead',
        in_channels=[32, 64, 128, 256, 512],
        in_index=[0, 1, 2, 3, 4],
        channels=32,
        num_classes=4,
        dropout_ratio=0,
        norm_cfg=_base_.norm_cfg,
    ),
)
