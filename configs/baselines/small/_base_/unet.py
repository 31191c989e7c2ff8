# A quarter of the paper's width.
_base_ = './crops.py'
model = dict(
    backbone=dict(type='UNet', base_channels=16, norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='FCNHead',
        in_channels=16,
        in_index=4,
        channels=16,
        num_convs=1,
        concat_input=False,
        norm_cfg=_base_.norm_cfg,
    ),
)
