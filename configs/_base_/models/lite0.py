# EfficientNet-Lite0, which has seen ImageNet, and the decoders of ktda_best.py, without a teacher.
_base_ = './ktda_best.py'
model = dict(
    # what the student's ImageNet weights were trained with
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_delete_=True, type='EfficientNetLite0'),
    neck=dict(in_channels=_base_.widths),
    teacher=None,
    transfer_losses=None,
    standardise_teacher=False,
    decode_head=dict(modulation=None),
)
