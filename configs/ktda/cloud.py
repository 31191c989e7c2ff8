_base_ = [
    '../_base_/models/ktda.py',
    '../_base_/datasets/l8_biome.py',
    '../_base_/schedules/cloud_80k.py',
    '../_base_/default_runtime.py',
]
# 518 is the size DINOv2's positions were learned at; the official 256 resamples them twice
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    teacher=dict(img_size=518),
    decode_head=dict(num_classes=4),
)
