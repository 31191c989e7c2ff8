# The official model: ConvNeXt-B student, DINOv2-B teacher, pyramid first, modulation of 4 blocks.
student_weights = (
    'https://download.openmmlab.com/mmclassification/v0/convnext/downstream/'
    'convnext-base_3rdparty_32xb128-noema_in1k_20220301-2a0ee547.pth'
)
teacher_weights = (
    'https://download.openmmlab.com/mmpretrain/v1.0/dinov2/'
    'vit-base-p14_dinov2-pre_3rdparty_20230426-ba246503.pth'
)
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='KTDASegmentor',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
    ),
    backbone=dict(
        type='mmpretrain.ConvNeXt',
        arch='base',
        out_indices=[0, 1, 2, 3],
        drop_path_rate=0.4,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
        init_cfg=dict(type='Pretrained', checkpoint=student_weights, prefix='backbone.'),
    ),
    teacher=dict(
        type='mmpretrain.VisionTransformer',
        arch='base',
        img_size=256,
        patch_size=14,
        layer_scale_init_value=1e-5,
        out_indices=[2, 5, 8, 11],
        out_type='featmap',
        init_cfg=dict(type='Pretrained', checkpoint=teacher_weights, prefix='backbone.'),
    ),
    neck=dict(type='FAM', in_channels=[128, 256, 512, 1024], out_channels=768, patch_size=14),
    decode_head=dict(
        type='FMMHead',
        in_channels=[768] * 4,
        num_classes=None,  # set by the config of the data set
        pyramid=dict(
            type='MultiLevelNeck', in_channels=[768] * 4, out_channels=768, scales=[4, 2, 1, 0.5]
        ),
        modulation=dict(type='transformer', depth=4, num_heads=8, mlp_ratio=4),
        order='pyramid_first',
        decoder=dict(
            type='UPerHead',
            in_channels=[768] * 4,
            in_index=[0, 1, 2, 3],
            pool_scales=(1, 2, 3, 6),
            channels=512,
            dropout_ratio=0.1,
            norm_cfg=norm_cfg,
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        ),
        auxiliary=dict(
            type='FCNHead',
            in_channels=768,
            in_index=2,
            channels=256,
            num_convs=1,
            concat_input=False,
            dropout_ratio=0.1,
            norm_cfg=norm_cfg,
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4),
        ),
    ),
    transfer_losses=[
        dict(type='FeatureKLDivLoss', axis='width', temperature=1.0, loss_weight=0.5),
        dict(type='FeatureL2Loss', loss_weight=0.5),
    ],
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
