_base_ = [
    '../_base_/models/ktda_small_galileo.py',
    '../_base_/datasets/l8_biome_sample_8band.py',
    '../_base_/schedules/quickstart.py',
    '../_base_/default_runtime.py',
]
# the Sentinel-2 band that each of the student's bands resembles; none has a thermal band
bands = ['B4', 'B3', 'B2', 'B8', 'B11', 'B12', None, None]
model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='MultiBandSegDataPreProcessor',
        mean={{_base_.mean}},
        std={{_base_.std}},
        size=(256, 256),
    ),
    backbone=dict(in_channels=8),
    teacher=dict(bands=bands, input_scale=10000, input_gsd=30.0),
    decode_head=dict(num_classes=4),
)
train_cfg = dict(max_iters=250)
warmup, decay = _base_.param_scheduler
param_scheduler = [warmup, dict(decay, end=250)]
