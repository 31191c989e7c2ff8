# All bands of the Landsat sample, taught by Galileo, which knows six of them from Sentinel-2.
_base_ = [
    '../_base_/models/ktda_best_galileo.py',
    '../_base_/datasets/l8_biome_sample_8band_crops.py',
    '../_base_/schedules/two_short_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/galileo_cache', patch_size=8)
pipeline = [maps if step == _base_.maps else step for step in _base_.train_pipeline]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
# the Sentinel-2 band that each of the student's bands resembles; none has a thermal band
bands = ['B4', 'B3', 'B2', 'B8', 'B11', 'B12', None, None]
model = dict(
    _base_.eight_bands,
    backbone=dict(in_channels=8),
    teacher=dict(bands=bands, input_scale=10000, input_gsd=30.0),
)
