# Grass as published: there is no test split, so val serves as test.
_base_ = './rgb_tiles.py'
dataset = dict(type='GrassDataset', data_root='data/grass')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(
    dataset=dict(
        dataset,
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
    )
)
