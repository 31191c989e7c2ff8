# The teacher itself, frozen, in the place of the student: what a perfect student could do.
_base_ = './student.py'
model = dict(
    backbone=dict(_delete_=True, type='EfficientNetLite0', frozen=True),
    neck=dict(in_channels=_base_.widths),
)
