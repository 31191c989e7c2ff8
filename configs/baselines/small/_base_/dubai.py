# Crops and steps as the student alone has them in studies/dubai.yaml.
_base_ = [
    '../../../_base_/datasets/dubai_crops.py',
    '../../../_base_/schedules/two_stages.py',
    '../../../_base_/default_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.one_stage
