# Generated clouds: tools/prepare_dataset.py synthetic --kind cloud --out data/synthetic_cloud
_base_ = './rgb_tiles.py'
dataset = dict(type='L8BiomeDataset', data_root='data/synthetic_cloud')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
