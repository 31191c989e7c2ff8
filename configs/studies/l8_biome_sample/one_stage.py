# The best recipe without its first stage: teacher and labels from the first step.
_base_ = '../../ktda/l8_biome_best.py'
custom_hooks = _base_.custom_hooks[:-1]
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.one_stage
