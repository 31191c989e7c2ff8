# All bands of the Landsat sample, taught by a network that has seen clouds and their shadows.
_base_ = [
    '../_base_/models/ktda_best_csmask.py',
    '../_base_/datasets/l8_biome_sample_8band_crops.py',
    '../_base_/schedules/two_short_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
model = _base_.eight_bands
