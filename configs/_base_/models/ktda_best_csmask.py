# The best recipe for Landsat's bands, taught by an encoder that has seen clouds and their shadows.
_base_ = ['./ktda_best.py', './csmask.py']
widths = _base_.csmask_widths
model = dict(
    backbone=dict(in_channels=8),
    teacher=dict(_base_.csmask, _delete_=True),
    neck=dict(out_channels=widths),
    decode_head=dict(
        in_channels=widths,
        decoder=dict(in_channels=widths),
        auxiliary=dict(in_channels=widths[2]),
    ),
)
