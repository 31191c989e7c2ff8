# Official experiment g.
_base_ = './mlp_x1.py'
model = dict(
    backbone=dict(out_indices=[3]),
    teacher=dict(out_indices=[11]),
    neck=dict(in_channels=[1024], stride=32),
    decode_head=dict(
        in_channels=[768],
        pyramid=dict(in_channels=[768], scales=[1]),
        decoder=dict(in_channels=[768], in_index=[0]),
        auxiliary=dict(in_index=0),
    ),
)
