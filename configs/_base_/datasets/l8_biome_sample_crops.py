# The Landsat sample in crops of 128x128, as Dubai's but in the colours that tell clouds apart.
_base_ = './l8_biome_sample.py'
crops = [
    step for step in _base_.remembered_crop_pipeline if step['type'] != 'PhotoMetricDistortion'
]
train_dataloader = dict(
    batch_size=8, num_workers=1, persistent_workers=True, dataset=dict(pipeline=crops)
)
