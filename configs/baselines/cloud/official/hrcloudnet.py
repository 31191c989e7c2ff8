_base_ = ['../_base_/networks/hrcloudnet.py', '../_base_/official.py']
model = dict(data_preprocessor=_base_.pixels)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5, weight_decay=5e-4))
