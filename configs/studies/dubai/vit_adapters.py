# The vision transformer itself as the student: a head on it, and adapters that learn with the head.
_base_ = ['../../ktda/best.py', '../../_base_/models/vit-s.py']
model = dict(
    backbone=dict(
        _delete_=True,
        type='EnlargedBackbone',
        scale=2.0,
        backbone=dict(_base_.vit_s, norm=False, adapters=32),
    ),
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    neck=dict(in_channels=[384] * 3, out_channels=[384] * 3, patch_size=8),
    decode_head=dict(
        in_channels=[384] * 3,
        decoder=dict(in_channels=[384] * 3, in_index=[0, 1, 2]),
        auxiliary=dict(in_channels=384, in_index=1),
    ),
)
