# Eight crops of Dubai's tiles a step, 2,000 steps.
_base_ = [
    '../../../_base_/datasets/dubai.py',
    '../../../_base_/schedules/quickstart.py',
    '../../../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline={{_base_.crop_pipeline}}))
iterations = 2000
warmup, decay = _base_.param_scheduler
param_scheduler = [warmup, dict(decay, end=iterations)]
train_cfg = dict(max_iters=iterations, val_interval=500)
default_hooks = dict(checkpoint=dict(interval=500))
