# The teacher itself, frozen, in the place of the student: what a perfect student could do.
_base_ = './student.py'
model = dict(
    # the range in which Galileo saw reflectance, in the counts of these tiles
    data_preprocessor=dict(mean=[-43.0, -24.9, -22.4], std=[222.9, 186.3, 187.2]),
    backbone=dict(_base_.galileo, _delete_=True, input_gsd=30.0),
    neck=dict(in_channels=_base_.widths, stride=8),
)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.0, decay_mult=0.0)))
)
