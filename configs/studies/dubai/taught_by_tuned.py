# The same student taught by EfficientNet-Lite0 that has seen Dubai's labels: the last checkpoint of
# row 'finetuned', seed 0, of studies/dubai_taught.yaml.
_base_ = './taught_by_lite0.py'
tuned = dict(
    type='EfficientNetLite0',
    _delete_=True,
    pretrained=False,
    init_cfg=dict(type='Pretrained', checkpoint='pretrained/lite0_dubai.pth', prefix='backbone.'),
)
model = dict(teacher=tuned)
pipeline = [
    dict(step, cache='data/dubai/tuned_lite0_cache') if step['type'] == 'LoadTeacherMaps' else step
    for step in _base_.pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
