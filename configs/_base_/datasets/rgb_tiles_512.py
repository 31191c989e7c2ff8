# The same with crops of 512x512 pixels.
_base_ = './rgb_tiles.py'
crop_size = (512, 512)
train_pipeline = [
    dict(step, crop_size=crop_size) if step['type'] == 'RandomCrop' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
