# Dubai in crops of 128x128: tiles are decoded once and kept, crops flipped and turned.
_base_ = './dubai.py'
train_pipeline = [
    dict(type='SeedSample'),
    dict(type='RememberSample', transforms=_base_.train_pipeline[1:4]),
    dict(type='RandomCrop', crop_size=(128, 128)),
    dict(type='RandomRotate90'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(
    batch_size=8, num_workers=1, persistent_workers=True, dataset=dict(pipeline=train_pipeline)
)
