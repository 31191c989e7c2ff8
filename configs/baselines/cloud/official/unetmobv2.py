_base_ = ['../_base_/networks/unetmobv2.py', '../_base_/official.py']
model = dict(data_preprocessor=_base_.pixels)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3))
param_scheduler = [_base_.plateau]
