# A student from random weights, that of dubai_best.py, taught by the vision transformer of best.py:
# first by it alone, by the schedule of dubai_best.py. Its levels lie at the same strides, so the
# alignment differs in widths only.
_base_ = '../../ktda/best.py'
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', share=0.5)]
model = dict(
    # what mmseg's networks are trained with
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(_base_.resnet18, _delete_=True),
    neck=dict(in_channels=[24, 48, 96, 192]),
    teacher=dict(alignment=dict(in_channels=[48, 96, 192])),
)
optim_wrapper = dict(optimizer=dict(lr=6e-3))
cosine = dict(type='CosineRestartLR', periods=[950, 1000], restart_weights=[1.0, 0.25], eta_min=0.0)
param_scheduler = [_base_.param_scheduler[0], dict(cosine, by_epoch=False, begin=50)]
