# Guo et al. 2021: levels fused by attention; the deepest is supervised, too.
_base_ = './cdnet.py'
model = dict(
    backbone=dict(type='CDNetV2Encoder', norm_cfg=_base_.norm_cfg),
    neck=dict(type='CDNetV2Neck', norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='CDNetV2Head',
        in_channels=[256] * 6,
        in_index=[0, 1, 2, 3, 4, 5],
        channels=256,
        num_classes=4,
        dropout_ratio=0,
        norm_cfg=_base_.norm_cfg,
        align_corners=True,
    ),
    auxiliary_head=dict(_base_.deepest, in_index=4, dropout_ratio=0),
)
