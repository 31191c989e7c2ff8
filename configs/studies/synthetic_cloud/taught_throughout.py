# The recipe of taught.py, whose teacher stays to the end, on generated clouds.
_base_ = '../dubai/taught_throughout.py'
dataset = dict(type='L8BiomeDataset', data_root='data/synthetic_cloud')
pipeline = [
    dict(step, cache='data/synthetic_cloud/teacher_cache') if 'cache' in step else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(dataset, pipeline=pipeline))
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(decode_head=dict(num_classes=4))
