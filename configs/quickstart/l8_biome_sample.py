_base_ = [
    '../_base_/models/ktda_small_galileo.py',
    '../_base_/datasets/l8_biome_sample.py',
    '../_base_/schedules/quickstart.py',
    '../_base_/default_runtime.py',
]
# 16 tiles are few: whole tiles, flipped both ways, in the colours that tell clouds apart
train_pipeline = [
    dict(step, direction=['horizontal', 'vertical']) if step['type'] == 'RandomFlip' else step
    for step in _base_.train_pipeline
    if step['type'] != 'PhotoMetricDistortion'
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
train_cfg = dict(max_iters=250)
warmup, decay = _base_.param_scheduler
param_scheduler = [warmup, dict(decay, end=250)]
optim_wrapper = dict(optimizer=dict(lr=5e-4))
# for the same reason a student that has seen ImageNet
model = dict(
    backbone=dict(_delete_=True, type='EfficientNetLite0'),
    neck=dict(in_channels=[24, 40, 112, 320]),
    decode_head=dict(num_classes=4),
)
