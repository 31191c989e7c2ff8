# The student of l8_biome_8band_galileo.py alone: no teacher, labels from the first step.
_base_ = '../../ktda/l8_biome_8band_galileo.py'
custom_hooks = _base_.custom_hooks[:-1]
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.one_stage
model = dict(
    teacher=None,
    transfer_losses=None,
    standardise_teacher=False,
    decode_head=dict(modulation=None),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.untaught_pipeline))
