# Yang et al. 2019: three levels, refined at their boundaries and summed.
_base_ = './cdnet.py'
model = dict(
    backbone=dict(type='ModifiedResNet50', norm_cfg=_base_.norm_cfg),
    neck=dict(type='CDNetV1Neck', norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='CDNetV1Head',
        in_channels=[256, 256, 256],
        in_index=[0, 1, 2],
        channels=256,
        num_classes=4,
        dropout_ratio=0.1,
        align_corners=True,
    ),
)
