_base_ = ['../_base_/networks/scnn.py', '../_base_/official.py']
model = dict(data_preprocessor=_base_.pixels)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='RMSprop', lr=1e-4))
