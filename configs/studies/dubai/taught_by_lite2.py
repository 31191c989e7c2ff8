# The same student taught by EfficientNet-Lite2. Its levels are wider, and so are those that the
# decoder reads.
_base_ = './taught_by_lite0.py'
wide = [24, 48, 120, 352]
model = dict(
    teacher=dict(type='EfficientNetLite', variant=2, _delete_=True),
    neck=dict(out_channels=wide),
    decode_head=dict(
        in_channels=wide, decoder=dict(in_channels=wide), auxiliary=dict(in_channels=wide[2])
    ),
)
pipeline = [
    dict(step, cache='data/dubai/lite2_cache') if step['type'] == 'LoadTeacherMaps' else step
    for step in _base_.pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
