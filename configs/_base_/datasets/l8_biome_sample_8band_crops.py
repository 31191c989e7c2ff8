# All bands of the Landsat sample in crops of 128x128: tiles are read once, crops flipped and turned.
_base_ = './l8_biome_sample_8band.py'
steps = _base_.train_pipeline
train_pipeline = [
    steps[0],
    dict(type='RememberSample', transforms=steps[1:5]),
    dict(steps[5], crop_size=(128, 128)),
    *steps[6:],
]
train_dataloader = dict(
    batch_size=8, num_workers=1, persistent_workers=True, dataset=dict(pipeline=train_pipeline)
)
