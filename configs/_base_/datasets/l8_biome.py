# L8-Biome clouds as published. The best checkpoint is chosen on val; the authors chose it on test.
_base_ = './rgb_tiles_512.py'
dataset = dict(type='L8BiomeDataset', data_root='data/l8_biome')
# as the authors do; masks are loaded after it, so predictions are compared at the mask's own size
resizing = dict(type='Resize', scale=_base_.crop_size, keep_ratio=False)
test_pipeline = [_base_.test_pipeline[0], resizing, *_base_.test_pipeline[1:]]
train_dataloader = dict(batch_size=2, dataset=dataset)
val_dataloader = dict(dataset=dict(dataset, pipeline=test_pipeline))
test_dataloader = val_dataloader
