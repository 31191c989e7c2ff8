# The same student taught by EfficientNet-Lite0 alone, level by level.
_base_ = './taught_resnet18.py'
model = dict(teacher=dict(type='EfficientNetLite0', _delete_=True))
pipeline = [
    dict(step, cache='data/dubai/lite0_cache', patch_size=_base_.strides)
    if step['type'] == 'LoadTeacherMaps'
    else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
