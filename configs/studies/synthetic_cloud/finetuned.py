# The practitioner's row on generated clouds.
_base_ = '../../ktda/best.py'
dataset = dict(type='L8BiomeDataset', data_root='data/synthetic_cloud')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(decode_head=dict(num_classes=4))
