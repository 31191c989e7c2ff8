# The student of the best recipe alone: no teacher, no modulation, labels from the first step.
_base_ = '../../ktda/dubai_best.py'
custom_hooks = _base_.custom_hooks[:-1]
model = dict(
    teacher=None,
    transfer_losses=None,
    standardise_teacher=False,
    decode_head=dict(modulation=None),
)
# its own best rate: 2e-3 and 3e-3 were worse on the validation mosaic
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=2000, eta_min=0.0),
]
