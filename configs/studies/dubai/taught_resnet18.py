# A student from random weights, that of dubai_best.py, taught by the transformer of taught.py.
# Its levels lie at the same strides, so the alignment differs in widths only.
_base_ = './taught_throughout.py'
model = dict(
    # what mmseg's networks are trained with
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(_base_.resnet18, _delete_=True),
    neck=dict(in_channels=[24, 48, 96, 192]),
    teacher=dict(alignment=dict(in_channels=[48, 96, 192])),
)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
