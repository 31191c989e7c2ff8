# Grass in the official study's recipe: AdamW at 6e-4, batches of 4, no scaling.
_base_ = [
    '../../../_base_/datasets/grass.py',
    '../../../_base_/schedules/grass_23k.py',
    '../../../_base_/default_runtime.py',
]
