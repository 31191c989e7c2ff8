# The same student taught by EfficientNet-Lite0, level by level, and by the vision transformer.
_base_ = './taught_resnet18.py'
model = dict(teacher=[dict(type='EfficientNetLite0'), _base_.model.teacher])
sizes = [*_base_.strides, 8, 8, 8]
pipeline = [
    dict(step, cache=['data/dubai/lite0_cache', step['cache']], patch_size=sizes)
    if step['type'] == 'LoadTeacherMaps'
    else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
