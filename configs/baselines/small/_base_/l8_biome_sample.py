# Eight crops of the 16 tiles a step, 500 steps.
_base_ = [
    '../../../_base_/datasets/l8_biome_sample_crops.py',
    '../../../_base_/schedules/quickstart.py',
    '../../../_base_/default_runtime.py',
]
