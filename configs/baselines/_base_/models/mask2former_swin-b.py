# Needs MMDetection: pip install onedl-mmdetection, or mmdet beside OpenMMLab's original packages
_base_ = '../encoder_decoder.py'
openmmlab = 'https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/swin/'
attention = dict(embed_dims=256, num_heads=8, batch_first=True)
relu = dict(type='ReLU', inplace=True)
model = dict(
    backbone=dict(
        type='SwinTransformer',
        pretrain_img_size=384,
        embed_dims=128,
        depths=[2, 2, 18, 2],
        num_heads=[4, 8, 16, 32],
        window_size=12,
        drop_path_rate=0.3,
        init_cfg=dict(
            type='Pretrained',
            checkpoint=openmmlab + 'swin_base_patch4_window12_384_20220317-55b0104a.pth',
        ),
    ),
    decode_head=dict(
        type='Mask2FormerHead',
        in_channels=[128, 256, 512, 1024],
        strides=[4, 8, 16, 32],
        feat_channels=256,
        out_channels=256,
        num_queries=100,
        num_transformer_feat_level=3,
        positional_encoding=dict(num_feats=128, normalize=True),
        pixel_decoder=dict(
            type='mmdet.MSDeformAttnPixelDecoder',
            num_outs=3,
            norm_cfg=dict(type='GN', num_groups=32),
            act_cfg=dict(type='ReLU'),
            encoder=dict(
                num_layers=6,
                layer_cfg=dict(
                    self_attn_cfg=dict(attention, num_levels=3, num_points=4, dropout=0.0),
                    ffn_cfg=dict(embed_dims=256, feedforward_channels=1024, act_cfg=relu),
                ),
            ),
            positional_encoding=dict(num_feats=128, normalize=True),
        ),
        transformer_decoder=dict(
            return_intermediate=True,
            num_layers=9,
            layer_cfg=dict(
                self_attn_cfg=attention,
                cross_attn_cfg=attention,
                ffn_cfg=dict(embed_dims=256, feedforward_channels=2048, act_cfg=relu),
            ),
        ),
        loss_cls=dict(
            type='mmdet.CrossEntropyLoss',
            loss_weight=2.0,
            class_weight=None,  # 1 for each class and 0.1 for none: set by the data set's config
        ),
        loss_mask=dict(type='mmdet.CrossEntropyLoss', use_sigmoid=True, loss_weight=5.0),
        loss_dice=dict(type='mmdet.DiceLoss', naive_dice=True, eps=1.0, loss_weight=5.0),
        train_cfg=dict(
            num_points=12544,
            oversample_ratio=3.0,
            importance_sample_ratio=0.75,
            assigner=dict(
                type='mmdet.HungarianAssigner',
                match_costs=[
                    dict(type='mmdet.ClassificationCost', weight=2.0),
                    dict(type='mmdet.CrossEntropyLossCost', weight=5.0, use_sigmoid=True),
                    dict(type='mmdet.DiceCost', weight=5.0, pred_act=True, eps=1.0),
                ],
            ),
            sampler=dict(type='mmdet.MaskPseudoSampler'),
        ),
    ),
)
