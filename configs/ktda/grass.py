_base_ = [
    '../_base_/models/ktda.py',
    '../_base_/datasets/grass.py',
    '../_base_/schedules/grass_23k.py',
    '../_base_/default_runtime.py',
]
model = dict(data_preprocessor=dict(size=(256, 256)), decode_head=dict(num_classes=5))
