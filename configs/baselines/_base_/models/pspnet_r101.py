_base_ = './resnet101.py'
model = dict(
    decode_head=dict(
        type='PSPHead', in_channels=2048, in_index=3, channels=512, norm_cfg=_base_.norm_cfg
    )
)
