# Sample of L8-Biome, 16/8/5 tiles: tools/prepare_dataset.py l8_biome SRC
_base_ = './rgb_tiles.py'
dataset = dict(type='L8BiomeDataset', data_root='data/l8_biome_sample')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
# clear, shadow, thin cloud, cloud: a quarter of the training pixels to those of the class
class_weight = [0.4, 37.3, 2.7, 0.9]
