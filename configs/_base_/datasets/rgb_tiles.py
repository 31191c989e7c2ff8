# What the data sets of 8-bit RGB tiles share; training takes crops of 256x256 pixels.
# They set the type and folder of each loader. Val and test see images at their own size, whatever
# it is: what lies on the ground is then as large as in training.
crop_size = (256, 256)
loading = dict(type='LoadImageFromFile', color_type='unchanged', imdecode_backend='pillow')
train_pipeline = [
    dict(type='SeedSample'),
    loading,
    dict(type='LoadAnnotations'),
    dict(type='CheckSample'),
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
# for models that train on crops of a tile
crop_pipeline = [
    dict(step, crop_size=(128, 128)) if step['type'] == 'RandomCrop' else step
    for step in train_pipeline
]
# for many passes over few tiles: decoded once, crops turned as well
remembered_crop_pipeline = [
    dict(type='SeedSample'),
    dict(type='RememberSample', transforms=train_pipeline[1:4]),
    dict(type='RandomCrop', crop_size=(128, 128)),
    dict(type='RandomRotate90'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    loading,
    dict(type='LoadAnnotations'),
    dict(type='CheckSample'),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    loading,
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale_factor=r, keep_ratio=True) for r in (0.75, 1.0, 1.25)],
            [dict(type='RandomFlip', prob=p, direction='horizontal') for p in (0.0, 1.0)],
            [dict(type='LoadAnnotations')],
            [dict(type='CheckSample')],
            [dict(type='PackSegInputs')],
        ],
    ),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type='ResumableSampler', shuffle=True),
    dataset=dict(
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'],
        data_prefix=dict(img_path='img_dir/test', seg_map_path='ann_dir/test'),
    ),
)
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU', 'mDice', 'mFscore'])
test_evaluator = val_evaluator
