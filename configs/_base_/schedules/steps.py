# The length of training is one number, train_cfg.max_iters: warm-up, cosine, validations,
# checkpoints and the stage of TransferStageHook(share=...) follow from it.
_base_ = './iterations.py'
find_unused_parameters = True  # decoders have no gradient in a first stage
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=5.0),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=50),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2000)
default_hooks = dict(
    even_stops=dict(type='EvenStopsHook', validations=2, checkpoints=8), logger=dict(interval=20)
)
