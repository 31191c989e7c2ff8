_base_ = [
    '../_base_/models/ktda_small.py',
    '../_base_/datasets/synthetic_grass.py',
    '../_base_/schedules/quickstart.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline={{_base_.crop_pipeline}}))
model = dict(decode_head=dict(num_classes=5))
