# The vision transformer trained further in the place of the student, at a tenth of the rate.
_base_ = './vit_adapters.py'
model = dict(backbone=dict(backbone=dict(adapters=None)))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))))
