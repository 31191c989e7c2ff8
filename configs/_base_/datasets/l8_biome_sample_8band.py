# Sample of L8-Biome with all bands: tools/prepare_dataset.py l8_biome SRC --bands all
# Red, green, blue, NIR, SWIR1, SWIR2, cirrus (reflectance) and TIR1 (kelvin); mean and std of the
# training split.
_base_ = './raster_tiles.py'
mean = [0.4065, 0.4015, 0.4456, 0.4493, 0.1762, 0.1400, 0.0418, 267.3693]
std = [0.3432, 0.3222, 0.3393, 0.3368, 0.1558, 0.1238, 0.0718, 20.4093]
own = dict(
    LoadRasterFromFile=dict(scale=[1e-4] * 7 + [1e-2], fill=mean),
    CheckSample=dict(bands=8),
    BandJitter=dict(gain=[0.1] * 7 + [0.0], offset=[0.01] * 7 + [3.0]),
)
train_pipeline = [dict(step, **own.get(step['type'], {})) for step in _base_.train_pipeline]
test_pipeline = [dict(step, **own.get(step['type'], {})) for step in _base_.test_pipeline]
tta_pipeline = [dict(step, **own.get(step['type'], {})) for step in _base_.tta_pipeline]
dataset = dict(type='L8BiomeDataset', data_root='data/l8_biome_sample_8band')
train_dataloader = dict(dataset=dict(dataset, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(dataset, pipeline=test_pipeline))
test_dataloader = val_dataloader
# as in l8_biome_sample.py, whose tiles they are
class_weight = [0.4, 37.3, 2.7, 0.9]
