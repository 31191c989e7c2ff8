# A small KTDA model for two CPU cores. EfficientNet-Lite0, which learned from ImageNet, teaches a
# ConvNeXt of 1 M parameters; modulation comes first, where the grid is small.
# It trains on crops and predicts by windows of the same size.
_base_ = './ktda.py'
crop = (128, 128)
norm_cfg = dict(type='BN', requires_grad=True)
teacher_widths = [24, 40, 112, 320]
model = dict(
    data_preprocessor=dict(size=crop),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ConvNeXt',
        arch=dict(depths=[2, 2, 4, 2], channels=[24, 48, 96, 192]),
        out_indices=[0, 1, 2, 3],
        layer_scale_init_value=1.0,
        gap_before_final_norm=False,
    ),
    teacher=dict(_delete_=True, type='EfficientNetLite0'),
    neck=dict(in_channels=[24, 48, 96, 192], out_channels=teacher_widths, patch_size=8),
    decode_head=dict(
        in_channels=teacher_widths,
        order='modulation_first',
        modulation=dict(depth=1, mlp_ratio=2),
        pyramid=dict(in_channels=teacher_widths, out_channels=64, scales=[2, 1, 0.5, 0.25]),
        decoder=dict(in_channels=[64] * 4, channels=64, norm_cfg=norm_cfg),
        auxiliary=dict(in_channels=64, channels=32, norm_cfg=norm_cfg),
    ),
    transfer_losses=[
        dict(type='FeatureKLDivLoss', axis='channel'),
        dict(type='FeatureL2Loss', loss_weight=0.02),  # its features are large, unlike a ViT's
    ],
    test_cfg=dict(mode='slide', crop_size=crop, stride=(64, 64)),
)
