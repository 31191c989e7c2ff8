# All bands of the Landsat sample: a small student learns to map clouds from ukis-csmask; labels
# then train a linear layer on its map. It wants many images, which need no labels: docs/data.md.
_base_ = [
    '../_base_/models/ktda_fpn_csmask_map.py',
    '../_base_/datasets/l8_biome_sample_8band_crops.py',
    '../_base_/schedules/long_first_stage.py',
    '../_base_/default_runtime.py',
]
first_stage = dict(type='TransferStageHook', iters=_base_.stage, freeze=True)
custom_hooks = [*_base_.custom_hooks, first_stage]
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/map_cache', patch_size=_base_.grids)
pipeline = [maps if step == _base_.maps else step for step in _base_.train_pipeline]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
weights = dict(loss_decode=dict(class_weight=[0.5, 15.0, 2.0, 0.9]))
head = dict(num_classes=4, decoder=weights, auxiliary=weights)
model = dict(_base_.eight_bands, decode_head=head)
