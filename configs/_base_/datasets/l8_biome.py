# L8-Biome clouds as published. The best checkpoint is chosen on val; the authors chose it on test.
_base_ = './rgb_tiles_512.py'
dataset = dict(type='L8BiomeDataset', data_root='data/l8_biome')
train_dataloader = dict(batch_size=2, dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
