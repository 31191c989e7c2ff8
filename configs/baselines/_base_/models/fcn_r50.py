_base_ = './resnet101.py'
model = dict(
    backbone=dict(depth=50, init_cfg=dict(checkpoint='open-mmlab://resnet50_v1c')),
    decode_head=dict(
        type='FCNHead', in_channels=2048, in_index=3, channels=512, norm_cfg=_base_.norm_cfg
    ),
)
