# The official grass schedule: 100 epochs of 230 iterations, 5 of them warm-up.
_base_ = './adamw.py'
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=1150),
    dict(type='PolyLR', eta_min=0.0, power=0.9, by_epoch=False, begin=1150, end=23000),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=23000, val_interval=230)
# val is the published set's test split as well, so no checkpoint is chosen by it
default_hooks = dict(logger=dict(interval=230), checkpoint=dict(interval=230, save_best=None))
