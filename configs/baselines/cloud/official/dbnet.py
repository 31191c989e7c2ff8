_base_ = ['../_base_/networks/dbnet.py', '../_base_/official.py']
model = dict(data_preprocessor=_base_.pixels)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4))
# checked every 4,000 iterations, so a tenth after 12,000, 24,000 and 36,000
param_scheduler = [
    dict(type='StepLR', gamma=0.1, step_size=12000, by_epoch=False),
]
