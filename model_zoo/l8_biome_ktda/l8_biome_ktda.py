class_weight = [
    0.4,
    37.3,
    2.7,
    0.9,
]
commit = '0f0b5b95ac81acef4b74cf4686dc877202f4541b'
cosine = dict(
    begin=50,
    by_epoch=False,
    end=2000,
    eta_min=0.0,
    periods=[
        950,
        1000,
    ],
    restart_weights=[
        1.0,
        0.25,
    ],
    type='CosineRestartLR')
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
    256,
    256,
)
crops = [
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
    dict(type='PackSegInputs'),
]
custom_imports = dict(
    allow_failed_imports=False, imports=[
        'ktda_mmseg',
    ])
dataset = dict(data_root='data/l8_biome_sample', type='L8BiomeDataset')
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=250,
        max_keep_ckpts=1,
        save_best='mIoU',
        type='AtomicCheckpointHook'),
    logger=dict(interval=20, log_metric_by_epoch=False, type='LoggerHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'),
    visualization=dict(type='PictureHook'))
default_scope = 'mmseg'
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
galileo = dict(
    init_cfg=dict(
        checkpoint=
        'https://raw.githubusercontent.com/nasaharvest/galileo/0f0b5b95ac81acef4b74cf4686dc877202f4541b/data/models/nano/encoder.pt',
        type='Pretrained'),
    type='Galileo')
loading = dict(
    color_type='unchanged',
    imdecode_backend='pillow',
    type='LoadImageFromFile')
log_level = 'INFO'
log_processor = dict(by_epoch=False)
loss = dict(class_weight=[
    0.4,
    37.3,
    2.7,
    0.9,
])
model = dict(
    backbone=dict(
        base_channels=24,
        depth=18,
        norm_cfg=dict(requires_grad=True, type='BN'),
        stem_channels=24,
        type='ResNetV1c'),
    data_preprocessor=dict(
        bgr_to_rgb=True,
        mean=[
            123.675,
            116.28,
            103.53,
        ],
        pad_val=0,
        seg_pad_val=255,
        size=(
            128,
            128,
        ),
        std=[
            58.395,
            57.12,
            57.375,
        ],
        type='SegDataPreProcessor'),
    decode_head=dict(
        auxiliary=None,
        decoder=dict(
            align_corners=False,
            channels=64,
            dropout_ratio=0.1,
            in_channels=[
                64,
                64,
                64,
                64,
            ],
            in_index=[
                0,
                1,
                2,
                3,
            ],
            loss_decode=dict(
                class_weight=[
                    0.5,
                    15.0,
                    2.0,
                    0.9,
                ],
                loss_weight=1.0,
                type='CrossEntropyLoss',
                use_sigmoid=False),
            norm_cfg=dict(requires_grad=True, type='BN'),
            pool_scales=(
                1,
                2,
                3,
                6,
            ),
            type='UPerHead'),
        in_channels=[
            128,
            128,
            128,
            128,
        ],
        modulation=dict(
            depth=[
                0,
                0,
                1,
                1,
            ], mlp_ratio=2, num_heads=8, type='transformer'),
        num_classes=4,
        order='modulation_first',
        pyramid=dict(
            in_channels=[
                128,
                128,
                128,
                128,
            ],
            out_channels=64,
            scales=[
                2,
                1,
                0.5,
                0.25,
            ],
            type='MultiLevelNeck'),
        type='FMMHead'),
    neck=dict(
        in_channels=[
            24,
            48,
            96,
            192,
        ],
        out_channels=128,
        patch_size=8,
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
one_stage = [
    dict(begin=0, by_epoch=False, end=50, start_factor=0.02, type='LinearLR'),
    dict(
        begin=50,
        by_epoch=False,
        end=500,
        eta_min=0.0,
        type='CosineAnnealingLR'),
]
randomness = dict(seed=4)
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
repository = 'https://raw.githubusercontent.com/nasaharvest/galileo/'
resnet18 = dict(
    base_channels=24,
    depth=18,
    norm_cfg=dict(requires_grad=True, type='BN'),
    stem_channels=24,
    type='ResNetV1c')
root = dict(data_root='data/l8_biome_sample_fixed')
stage = 250
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
        data_root='data/l8_biome_sample_fixed',
        pipeline=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
            dict(type='PackSegInputs'),
        ],
        type='L8BiomeDataset'),
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
        color_type='unchanged',
        imdecode_backend='pillow',
        type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='CheckSample'),
    dict(crop_size=(
        256,
        256,
    ), type='RandomCrop'),
    dict(prob=0.5, type='RandomFlip'),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
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
        data_root='data/l8_biome_sample_fixed',
        pipeline=[
            dict(
                color_type='unchanged',
                imdecode_backend='pillow',
                type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='CheckSample'),
            dict(type='PackSegInputs'),
        ],
        type='L8BiomeDataset'),
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
warmup = dict(
    begin=0, by_epoch=False, end=50, start_factor=0.02, type='LinearLR')
weights = dict(
    checkpoint=
    'https://raw.githubusercontent.com/nasaharvest/galileo/0f0b5b95ac81acef4b74cf4686dc877202f4541b/data/models/nano/encoder.pt',
    type='Pretrained')
widths = [
    128,
    128,
    128,
    128,
]
work_dir = 'work_dirs/studies/l8_biome_sample/l8_biome_sample/mild_ktda/seed_4'
