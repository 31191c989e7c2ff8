# ResNet-18 of half the width with dilated last stages: stride 8.
_base_ = './crops.py'
model = dict(
    backbone=dict(
        type='ResNetV1c',
        depth=18,
        stem_channels=32,
        base_channels=32,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        contract_dilation=True,
        norm_cfg=_base_.norm_cfg,
    ),
    auxiliary_head=dict(_base_.auxiliary, in_channels=128, channels=32, norm_cfg=_base_.norm_cfg),
)
