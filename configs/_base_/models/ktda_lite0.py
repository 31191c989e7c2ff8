# EfficientNet-Lite0, which has seen ImageNet, learns from a ViT-S/14 of seven times its parameters,
# which sees the images at twice their size. What is compared is an alignment of the teacher's own:
# the decoder reads narrower levels, so that the deployed model is the one without a teacher.
_base_ = ['./lite0.py', './vit-s.py']
model = dict(
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
    transfer_losses=_base_.channel_losses,
    standardise_teacher=True,
)
