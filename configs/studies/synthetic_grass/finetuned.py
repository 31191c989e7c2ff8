# The practitioner's row on generated grassland.
_base_ = '../../ktda/best.py'
dataset = dict(type='GrassDataset', data_root='data/synthetic_grass')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
