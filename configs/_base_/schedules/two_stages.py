# Two halves, each a cosine: transfer alone, then all losses at a lower learning rate.
# A config that uses it adds the hook that tells them apart: TransferStageHook(iters=stage).
_base_ = './small_adamw.py'
stage = 1000
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineRestartLR',
        periods=[stage - 50, stage],
        restart_weights=[1.0, 0.25],
        eta_min=0.0,
        by_epoch=False,
        begin=50,
        end=2 * stage,
    ),
]
# in as many steps, for what has no first stage
one_stage = [
    param_scheduler[0],
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=50, end=2 * stage),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2 * stage, val_interval=stage)
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(interval=stage // 4))
