# The best recipe found on Dubai for a student from random weights, see docs/results.md. Modulation
# cost it accuracy there.
_base_ = [
    '../_base_/models/ktda_best.py',
    '../_base_/datasets/dubai_crops.py',
    '../_base_/schedules/two_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
model = dict(decode_head=dict(num_classes=5, modulation=None), test_cfg=dict(stride=(128, 128)))
