# Aybar et al. 2022 (CloudSEN12): U-Net on MobileNetV2 with the weights of ImageNet.
_base_ = '../../../_base_/encoder_decoder.py'
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(
        type='mmpretrain.MobileNetV2',
        out_indices=(0, 1, 2, 4, 7),
        norm_cfg=_base_.norm_cfg,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/mobilenet_v2/'
            'mobilenet_v2_batch256_imagenet_20200708-3b2dc3af.pth',
            prefix='backbone.',
        ),
    ),
    decode_head=dict(
        type='UNetMobv2Head',
        in_channels=[16, 24, 32, 96, 1280],
        in_index=[0, 1, 2, 3, 4],
        channels=16,
        num_classes=4,
        dropout_ratio=0,
        norm_cfg=_base_.norm_cfg,
    ),
)
