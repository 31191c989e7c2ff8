# The study's U-Net ends in the decoder of DeepLabV3.
_base_ = ['../../_base_/models/unet.py', '../../_base_/schedules/official.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(
        _delete_=True,
        type='ASPPHead',
        in_channels=64,
        in_index=4,
        channels=16,
        dilations=(1, 12, 24, 36),
        num_classes=5,
        norm_cfg=_base_.norm_cfg,
    ),
    auxiliary_head=dict(_base_.auxiliary, in_channels=128, in_index=3, channels=64, num_classes=5),
)
