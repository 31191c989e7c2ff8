# Full KTDA by Galileo on images that are up to twice as coarse.
_base_ = '../../ktda/l8_biome_8band_galileo.py'
pipeline = [*_base_.pipeline[:-1], dict(type='RandomCoarsen'), _base_.pipeline[-1]]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
