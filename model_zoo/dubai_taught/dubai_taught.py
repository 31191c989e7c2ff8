_ = dict(type='PackSegInputs')
crop = (
    128,
    128,
)
crop_pipeline = [
    dict(type='SeedSample'),
    dict(
        color_type='unchanged',
        imdecode_backend='pillow',
        type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='CheckSample'),
    dict(crop_size=(
        128,
        128,
    ), type='RandomCrop'),
    dict(prob=0.5, type='RandomFlip'),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
crop_size = (
    512,
    512,
)
custom_imports = dict(
    allow_failed_imports=False, imports=[
        'ktda_mmseg',
    ])
dataset = dict(data_root='data/dubai', type='DubaiDataset')
default_hooks = dict(
    channels_last=dict(type='ChannelsLastHook'),
    checkpoint=dict(
        by_epoch=False,
        interval=1000,
        max_keep_ckpts=1,
        save_best=None,
        type='AtomicCheckpointHook'),
    even_stops=dict(checkpoints=8, type='EvenStopsHook', validations=2),
    logger=dict(interval=20, log_metric_by_epoch=False, type='LoggerHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'),
    visualization=dict(type='PictureHook'))
default_scope = 'mmseg'
distortion = dict(type='PhotoMetricDistortion')
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
geometry = [
    dict(crop_size=(
        128,
        128,
    ), type='RandomCrop'),
    dict(type='RandomRotate90'),
    dict(prob=0.5, type='RandomFlip'),
]
loading = dict(
    color_type='unchanged',
    imdecode_backend='pillow',
    type='LoadImageFromFile')
log_level = 'INFO'
log_processor = dict(by_epoch=False)
model = dict(
    backbone=dict(pretrained=False, type='EfficientNetLite0'),
    data_preprocessor=dict(
        bgr_to_rgb=True,
        mean=[
            127.0,
            127.0,
            127.0,
        ],
        pad_val=0,
        seg_pad_val=255,
        size=(
            128,
            128,
        ),
        std=[
            128.0,
            128.0,
            128.0,
        ],
        type='SegDataPreProcessor'),
    decode_head=dict(
        auxiliary=None,
        decoder=dict(
            align_corners=False,
            channels=64,
            dropout_ratio=0.1,
            in_channels=[
                24,
                40,
                112,
                320,
            ],
            in_index=[
                0,
                1,
                2,
                3,
            ],
            loss_decode=dict(
                loss_weight=1.0, type='CrossEntropyLoss', use_sigmoid=False),
            norm_cfg=dict(requires_grad=True, type='BN'),
            pool_scales=(
                1,
                2,
                3,
                6,
            ),
            type='UPerHead'),
        in_channels=[
            24,
            40,
            112,
            320,
        ],
        modulation=None,
        num_classes=5,
        order='modulation_first',
        pyramid=None,
        type='FMMHead'),
    neck=dict(
        in_channels=[
            24,
            40,
            112,
            320,
        ],
        out_channels=[
            24,
            40,
            112,
            320,
        ],
        patch_size=[
            4,
            8,
            16,
            32,
        ],
        type='FAM'),
    test_cfg=dict(crop_size=(
        128,
        128,
    ), mode='slide', stride=(
        128,
        128,
    )),
    train_cfg=dict(),
    type='EncoderDecoder')
norm_cfg = dict(requires_grad=True, type='BN')
randomness = dict(seed=3)
remember = dict(
    transforms=[
        dict(
            color_type='unchanged',
            imdecode_backend='pillow',
            type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
        dict(type='CheckSample'),
    ],
    type='RememberSample')
remembered_crop_pipeline = [
    dict(type='SeedSample'),
    dict(
        transforms=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
        ],
        type='RememberSample'),
    dict(crop_size=(
        128,
        128,
    ), type='RandomCrop'),
    dict(type='RandomRotate90'),
    dict(prob=0.5, type='RandomFlip'),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
resnet18 = dict(
    base_channels=24,
    depth=18,
    norm_cfg=dict(requires_grad=True, type='BN'),
    stem_channels=24,
    type='ResNetV1c')
seed = dict(type='SeedSample')
strides = [
    4,
    8,
    16,
    32,
]
student_weights = 'https://download.openmmlab.com/mmclassification/v0/convnext/downstream/convnext-base_3rdparty_32xb128-noema_in1k_20220301-2a0ee547.pth'
teacher_weights = 'https://download.openmmlab.com/mmpretrain/v1.0/dinov2/vit-base-p14_dinov2-pre_3rdparty_20230426-ba246503.pth'
teacher_widths = [
    24,
    40,
    112,
    320,
]
test_cfg = dict(type='TestLoop')
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        data_prefix=dict(img_path='img_dir/test', seg_map_path='ann_dir/test'),
        data_root='data/dubai',
        pipeline=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
            dict(type='PackSegInputs'),
        ],
        type='DubaiDataset'),
    num_workers=2,
    sampler=dict(shuffle=False, type='DefaultSampler'))
test_evaluator = dict(
    iou_metrics=[
        'mIoU',
        'mDice',
        'mFscore',
    ], type='IoUMetric')
test_pipeline = [
    dict(
        color_type='unchanged',
        imdecode_backend='pillow',
        type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='CheckSample'),
    dict(type='PackSegInputs'),
]
train_pipeline = [
    dict(type='SeedSample'),
    dict(
        transforms=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
            dict(type='TrackPixels'),
        ],
        type='RememberSample'),
    dict(crop_size=(
        128,
        128,
    ), type='RandomCrop'),
    dict(type='RandomRotate90'),
    dict(prob=0.5, type='RandomFlip'),
    dict(
        cache='data/dubai/teacher_cache', patch_size=8,
        type='LoadTeacherMaps'),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackTransferInputs'),
]
tta_model = dict(type='BinarySegTTAModel')
tta_pipeline = [
    dict(
        color_type='unchanged',
        imdecode_backend='pillow',
        type='LoadImageFromFile'),
    dict(
        transforms=[
            [
                dict(keep_ratio=True, scale_factor=0.75, type='Resize'),
                dict(keep_ratio=True, scale_factor=1.0, type='Resize'),
                dict(keep_ratio=True, scale_factor=1.25, type='Resize'),
            ],
            [
                dict(direction='horizontal', prob=0.0, type='RandomFlip'),
                dict(direction='horizontal', prob=1.0, type='RandomFlip'),
            ],
            [
                dict(type='LoadAnnotations'),
            ],
            [
                dict(type='CheckSample'),
            ],
            [
                dict(type='PackSegInputs'),
            ],
        ],
        type='TestTimeAug'),
]
val_cfg = dict(type='ValLoop')
val_dataloader = dict(
    batch_size=1,
    dataset=dict(
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        data_root='data/dubai',
        pipeline=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
            dict(type='PackSegInputs'),
        ],
        type='DubaiDataset'),
    num_workers=2,
    sampler=dict(shuffle=False, type='DefaultSampler'))
val_evaluator = dict(
    iou_metrics=[
        'mIoU',
        'mDice',
        'mFscore',
    ], type='IoUMetric')
vis_backends = [
    dict(type='LocalVisBackend'),
]
visualizer = dict(
    name='visualizer',
    type='SegLocalVisualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
    ])
vit_s = dict(
    checkpoint='pretrained/vit_s_focus.pth',
    model_name='vit_small_patch14_dinov2.lvd142m',
    out_indices=[
        2,
        5,
        8,
    ],
    type='TimmBackbone')
widths = [
    24,
    40,
    112,
    320,
]
work_dir = 'work_dirs/studies/dubai_taught/dubai/taught/seed_3'
