_base_ = [
    '../_base_/models/ktda_small.py',
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
repository = 'https://raw.githubusercontent.com/nasaharvest/galileo/'
commit = '0f0b5b95ac81acef4b74cf4686dc877202f4541b'
weights = dict(type='Pretrained', checkpoint=f'{repository}{commit}/data/models/nano/encoder.pt')
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    teacher=dict(_delete_=True, type='Galileo', init_cfg=weights),
    neck=dict(out_channels=128),
    decode_head=dict(num_classes=4, in_channels=[128] * 4, pyramid=dict(in_channels=[128] * 4)),
    transfer_losses=[dict(type='FeatureKLDivLoss', axis='channel'), dict(type='FeatureL2Loss')],
    test_cfg=dict(mode='whole'),
)
