# Official experiment h.
_base_ = './mlp_x1.py'
model = dict(
    neck=dict(fuse=True),
    decode_head=dict(
        in_channels=[768],
        pyramid=dict(in_channels=[768], scales=[1]),
        decoder=dict(in_channels=[768], in_index=[0]),
        auxiliary=dict(in_index=0),
    ),
)
