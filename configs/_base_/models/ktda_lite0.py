# EfficientNet-Lite0, which has seen ImageNet, learns from a ViT-S/14 of seven times its parameters,
# which sees the images at twice their size. What is compared is an alignment of the teacher's own:
# the decoder reads narrower levels, so that the deployed model is the one without a teacher.
_base_ = ['./ktda_best.py', './vit-s.py']
model = dict(
    # what the student's ImageNet weights were trained with
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_delete_=True, type='EfficientNetLite0'),
    neck=dict(in_channels=_base_.widths),
    teacher=dict(
        _base_.vit_s,
        _delete_=True,
        norm=False,
        scale=2.0,
        window=256,
        alignment=dict(
            in_channels=_base_.widths[1:], in_index=[1, 2, 3], out_channels=384, patch_size=8
        ),
    ),
    decode_head=dict(modulation=None),
)
