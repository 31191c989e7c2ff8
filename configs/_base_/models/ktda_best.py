# The best recipe so far, see studies/dubai.yaml: a ResNet-18 of 24 channels learns from
# EfficientNet-Lite0 level by level, each at the teacher's own stride, and the teacher's channels
# count alike. The decoder reads the aligned levels as they are.
_base_ = './ktda_small.py'
strides = [4, 8, 16, 32]
widths = _base_.teacher_widths
resnet18 = dict(
    type='ResNetV1c', depth=18, stem_channels=24, base_channels=24, norm_cfg=_base_.norm_cfg
)
channel_losses = [dict(type='FeatureKLDivLoss', axis='channel'), dict(type='FeatureL2Loss')]
model = dict(
    backbone=dict(resnet18, _delete_=True),
    neck=dict(patch_size=strides),
    standardise_teacher=True,
    decode_head=dict(
        pyramid=None,
        # attention where it costs little: on the grids of strides 16 and 32
        modulation=dict(depth=[0, 0, 1, 1]),
        decoder=dict(in_channels=widths),
        auxiliary=dict(in_channels=widths[2], in_index=2),
    ),
    transfer_losses=channel_losses,
)
