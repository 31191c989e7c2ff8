# The Landsat sample in crops of 128x128, as Dubai's but in the colours that tell clouds apart:
# tools/prepare_dataset.py l8_biome SRC --stretch 0,0.5 --out data/l8_biome_sample_fixed
_base_ = './l8_biome_sample.py'
crops = [
    step for step in _base_.remembered_crop_pipeline if step['type'] != 'PhotoMetricDistortion'
]
root = dict(data_root='data/l8_biome_sample_fixed')
train_dataloader = dict(
    batch_size=8, num_workers=1, persistent_workers=True, dataset=dict(root, pipeline=crops)
)
val_dataloader = dict(dataset=root)
test_dataloader = dict(dataset=root)
