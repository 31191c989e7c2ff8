# The network of best.py taught by a vision transformer in the first half: not better than best.py
# where it was tried, see docs/results.md.
_base_ = [
    '../_base_/models/ktda_lite0.py',
    '../_base_/datasets/dubai_crops_cached.py',
    '../_base_/schedules/steps.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=5), test_cfg=dict(stride=(128, 128)))
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', end=0.5)]
