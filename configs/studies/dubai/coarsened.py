# Fine-tuned on images that are up to twice as coarse: for scenes of larger pixels and --gsd.
_base_ = '../../ktda/best.py'
*steps, packing = _base_.remembered_crop_pipeline
train_pipeline = [*steps, dict(type='RandomCoarsen'), packing]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
