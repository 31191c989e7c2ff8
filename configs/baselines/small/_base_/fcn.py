_base_ = './resnet18.py'
model = dict(
    decode_head=dict(
        type='FCNHead', in_channels=256, in_index=3, channels=64, norm_cfg=_base_.norm_cfg
    )
)
