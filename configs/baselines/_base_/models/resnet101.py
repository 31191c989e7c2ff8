# ResNet-101 with dilated last stages (stride 8) and the auxiliary decoder that PSPNet brought.
_base_ = '../encoder_decoder.py'
model = dict(
    backbone=dict(
        type='ResNetV1c',
        depth=101,
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        contract_dilation=True,
        norm_cfg=_base_.norm_cfg,
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://resnet101_v1c'),
    ),
    auxiliary_head=dict(_base_.auxiliary, in_channels=1024),
)
