# Most of the steps by the teacher alone, then labels on a student that is kept as it is: what they
# train moves slowly, but for the decoder, which has much to learn.
_base_ = './small_adamw.py'
stage, rest = 3000, 500
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineRestartLR',
        periods=[stage - 50, rest],
        restart_weights=[1.0, 0.1],
        eta_min=0.0,
        by_epoch=False,
        begin=50,
        end=stage + rest,
    ),
]
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'decode_head.decoder': dict(lr_mult=50.0)}))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=stage + rest, val_interval=1750)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(interval=250))
