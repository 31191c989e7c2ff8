# The student of galileo_coarsened.py alone.
_base_ = './galileo_student.py'
pipeline = [
    *_base_.untaught_pipeline[:-1],
    dict(type='RandomCoarsen'),
    _base_.untaught_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
