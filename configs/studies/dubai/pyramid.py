# Full KTDA with the head of the fast recipes: levels on one grid, a pyramid, and modulation
# of every level before it.
_base_ = './ktda.py'
model = dict(
    neck=dict(patch_size=8),
    decode_head=dict(
        pyramid=dict(
            _delete_=True,
            type='MultiLevelNeck',
            in_channels=_base_.widths,
            out_channels=64,
            scales=[2, 1, 0.5, 0.25],
        ),
        modulation=dict(depth=1),
        decoder=dict(in_channels=[64] * 4),
        auxiliary=dict(in_channels=64),
    ),
)
