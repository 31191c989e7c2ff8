# Galileo itself, frozen, in the place of the student.
_base_ = './galileo_student.py'
bands = _base_.bands
# the range in which Galileo saw reflectance, mean - 2 std and 4 std; bands without one are left out
low = [-0.084226, -0.048820, -0.044006, 0.021238, -0.005705, -0.048595, 0.0, 0.0]
wide = [0.437072, 0.365320, 0.367080, 0.439592, 0.458392, 0.392096, 1.0, 1.0]
model = dict(
    data_preprocessor=dict(mean=low, std=wide),
    backbone=dict(_base_.galileo, _delete_=True, bands=bands, input_gsd=30.0),
    neck=dict(in_channels=_base_.widths, stride=8),
)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.0, decay_mult=0.0)))
)
