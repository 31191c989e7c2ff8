# All bands of the Landsat sample, taught by the decoder of a network that maps clouds and shadows.
_base_ = [
    '../_base_/models/ktda_fpn_csmask.py',
    '../_base_/datasets/l8_biome_sample_8band_crops.py',
    '../_base_/schedules/two_short_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/decoder_cache', patch_size=[4, 8, 16])
pipeline = [maps if step == _base_.maps else step for step in _base_.train_pipeline]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
model = _base_.eight_bands
