_base_ = ['../_base_/networks/mcdnet.py', '../_base_/official.py']
model = dict(data_preprocessor=_base_.pixels, backbone=_base_.pixels)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4))
