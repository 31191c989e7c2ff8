# The best recipe taught by Galileo. All its levels lie on one grid of stride 8, so that the decoder
# reads a pyramid again.
_base_ = ['./ktda_best.py', './galileo.py']
widths = [128] * 4
model = dict(
    teacher=dict(_base_.galileo, _delete_=True),
    neck=dict(out_channels=128, patch_size=8),
    decode_head=dict(
        in_channels=widths,
        pyramid=dict(
            _delete_=True,
            type='MultiLevelNeck',
            in_channels=widths,
            out_channels=64,
            scales=[2, 1, 0.5, 0.25],
        ),
        decoder=dict(in_channels=[64] * 4),
        auxiliary=dict(in_channels=64),
    ),
)
