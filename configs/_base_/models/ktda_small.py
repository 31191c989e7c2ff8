# A small KTDA model for two CPU cores. EfficientNet-Lite0, which learned from ImageNet, teaches a
# ConvNeXt of 1 M parameters; modulation comes first, where the grid is small.
# It trains on crops and predicts by windows of the same size.
crop = (128, 128)
norm_cfg = dict(type='BN', requires_grad=True)
teacher_widths = [24, 40, 112, 320]
model = dict(
    type='KTDASegmentor',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
        size=crop,
    ),
    backbone=dict(
        type='mmpretrain.ConvNeXt',
        arch=dict(depths=[2, 2, 4, 2], channels=[24, 48, 96, 192]),
        out_indices=[0, 1, 2, 3],
        drop_path_rate=0.0,
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
    ),
    teacher=dict(type='EfficientNetLite0'),
    neck=dict(type='FAM', in_channels=[24, 48, 96, 192], out_channels=teacher_widths, patch_size=8),
    decode_head=dict(
        type='FMMHead',
        in_channels=teacher_widths,
        num_classes=None,  # set by the config of the data set
        order='modulation_first',
        modulation=dict(type='transformer', depth=1, num_heads=8, mlp_ratio=2),
        pyramid=dict(
            type='MultiLevelNeck',
            in_channels=teacher_widths,
            out_channels=64,
            scales=[2, 1, 0.5, 0.25],
        ),
        decoder=dict(
            type='UPerHead',
            in_channels=[64] * 4,
            in_index=[0, 1, 2, 3],
            pool_scales=(1, 2, 3, 6),
            channels=64,
            dropout_ratio=0.1,
            norm_cfg=norm_cfg,
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        ),
        auxiliary=dict(
            type='FCNHead',
            in_channels=64,
            in_index=2,
            channels=32,
            num_convs=1,
            concat_input=False,
            dropout_ratio=0.1,
            norm_cfg=norm_cfg,
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4),
        ),
    ),
    transfer_losses=[
        dict(type='FeatureKLDivLoss', axis='channel', temperature=1.0, loss_weight=1.0),
        dict(type='FeatureL2Loss', loss_weight=0.02),  # its features are large, unlike a ViT's
    ],
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=crop, stride=(64, 64)),
)
