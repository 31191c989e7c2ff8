# The length of training is one number, train_cfg.max_iters: warm-up, cosine, validations,
# checkpoints and the stage of TransferStageHook(share=...) follow from it.
_base_ = './small_adamw.py'
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=50),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2000)
default_hooks = dict(
    even_stops=dict(type='EvenStopsHook', validations=2, checkpoints=8), logger=dict(interval=20)
)
