# Fine-tuned as best.py, without the stage of stride 32: a third of the parameters.
_base_ = '../../ktda/best.py'
widths = _base_.widths[:3]
model = dict(
    backbone=dict(out_indices=[1, 2, 3]),
    neck=dict(in_channels=widths, out_channels=widths, patch_size=_base_.strides[:3]),
    decode_head=dict(
        in_channels=widths,
        decoder=dict(in_channels=widths, in_index=[0, 1, 2]),
    ),
)
