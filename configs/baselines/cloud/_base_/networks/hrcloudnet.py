# Li et al. 2024: HRNet-W48, cascaded and pooled.
_base_ = '../../../_base_/encoder_decoder.py'
widths = [48, 96, 192, 384]
basic = dict(block='BASIC')
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(
        type='HRNet',
        norm_cfg=_base_.norm_cfg,
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=[4],
                num_channels=[64],
            ),
            stage2=dict(
                basic, num_modules=1, num_branches=2, num_blocks=[4] * 2, num_channels=widths[:2]
            ),
            stage3=dict(
                basic, num_modules=4, num_branches=3, num_blocks=[4] * 3, num_channels=widths[:3]
            ),
            stage4=dict(
                basic, num_modules=3, num_branches=4, num_blocks=[4] * 4, num_channels=widths
            ),
        ),
    ),
    decode_head=dict(
        type='HRCloudHead',
        in_channels=widths,
        in_index=[0, 1, 2, 3],
        channels=512,
        num_classes=4,
        dropout_ratio=0.1,
        norm_cfg=_base_.norm_cfg,
        align_corners=True,
    ),
)
