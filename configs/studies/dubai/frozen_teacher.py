# The teacher itself, frozen, in the place of the student: what a perfect student could do.
_base_ = './student.py'
model = dict(
    # what its ImageNet weights were trained with
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_delete_=True, type='EfficientNetLite0', frozen=True),
    neck=dict(in_channels=_base_.widths),
)
