# The best recipe on images that are up to twice as coarse.
_base_ = '../../ktda/l8_biome_best.py'
*steps, packing = _base_.crops
pipeline = [*steps, dict(type='RandomCoarsen'), packing]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
