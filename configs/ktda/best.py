# A pretrained small network, taught by a vision transformer; docs/data.md says how to inherit it.
_base_ = [
    '../_base_/models/ktda_lite0.py',
    '../_base_/datasets/dubai_crops_cached.py',
    '../_base_/schedules/steps.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=5), test_cfg=dict(stride=(128, 128)))
# the labels alone teach in the second half: to the end, the teacher did harm, docs/results.md
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', end=0.5)]
