# A few minutes on two CPU cores.
_base_ = './iterations.py'
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='PolyLR', eta_min=0.0, power=0.9, by_epoch=False, begin=50, end=500),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=500, val_interval=100)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(interval=100))
