# The best recipe found on Dubai, see docs/results.
_base_ = [
    '../_base_/models/ktda_best.py',
    '../_base_/datasets/dubai_crops.py',
    '../_base_/schedules/two_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
model = dict(decode_head=dict(num_classes=5), test_cfg=dict(stride=(128, 128)))
