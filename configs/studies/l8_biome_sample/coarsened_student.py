# The student of coarsened.py alone.
_base_ = './student.py'
*steps, packing = _base_.crops
pipeline = [*steps, dict(type='RandomCoarsen'), packing]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
