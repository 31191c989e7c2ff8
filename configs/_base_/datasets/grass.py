# Grass as published: there is no test split, so val serves as test.
_base_ = './rgb_tiles.py'
dataset = dict(type='GrassDataset', data_root='data/grass')
# as the authors do; masks are loaded after it, so predictions are compared at the mask's own size
resizing = dict(type='Resize', scale=_base_.crop_size, keep_ratio=False)
test_pipeline = [_base_.test_pipeline[0], resizing, *_base_.test_pipeline[1:]]
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dict(dataset, pipeline=test_pipeline))
test_dataloader = dict(
    dataset=dict(
        dataset,
        pipeline=test_pipeline,
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
    )
)
