# The best recipe without its first stage: teacher and labels from the first step.
_base_ = '../../ktda/dubai_best.py'
custom_hooks = _base_.custom_hooks[:-1]
# the student's own best rate: 2e-3 and 3e-3 were worse on the validation mosaic
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.one_stage
