# Eight crops of the 16 tiles a step, flipped both ways, in the colours that tell clouds apart.
_base_ = [
    '../../../_base_/datasets/l8_biome_sample.py',
    '../../../_base_/schedules/quickstart.py',
    '../../../_base_/default_runtime.py',
]
train_pipeline = [
    dict(step, direction=['horizontal', 'vertical']) if step['type'] == 'RandomFlip' else step
    for step in _base_.crop_pipeline
    if step['type'] != 'PhotoMetricDistortion'
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
