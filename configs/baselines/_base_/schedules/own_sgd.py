# The recipe of PSPNet and DeepLab: SGD that decays by a power of 0.9, colours as they are.
_base_ = './own.py'
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = [
    dict(type='PolyLR', eta_min=0.0, power=0.9, by_epoch=False, begin=0, end=_base_.iterations)
]
train_dataloader = dict(dataset=dict(pipeline=[*_base_.geometry, _base_.packing]))
