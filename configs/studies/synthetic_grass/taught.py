# The recipe of taught.py on generated grassland.
_base_ = '../../ktda/taught.py'
dataset = dict(type='GrassDataset', data_root='data/synthetic_grass')
pipeline = [
    dict(step, cache='data/synthetic_grass/teacher_cache') if 'cache' in step else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(dataset, pipeline=pipeline))
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
