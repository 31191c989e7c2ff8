# Dubai land cover, split by mosaic: tools/prepare_dataset.py dubai SRC
_base_ = './rgb_tiles_512.py'
dataset = dict(type='DubaiDataset', data_root='data/dubai')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
