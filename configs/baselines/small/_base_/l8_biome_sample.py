# Crops, steps and class weights as the student alone has them in studies/l8_biome_sample.yaml.
_base_ = [
    '../../../_base_/datasets/l8_biome_sample_crops.py',
    '../../../_base_/schedules/two_short_stages.py',
    '../../../_base_/default_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.one_stage
loss = dict(type='CrossEntropyLoss', class_weight=_base_.class_weight)
