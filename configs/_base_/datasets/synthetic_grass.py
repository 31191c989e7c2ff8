# Generated grassland: tools/prepare_dataset.py synthetic
_base_ = './rgb_tiles.py'
dataset = dict(type='GrassDataset', data_root='data/synthetic_grass')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
