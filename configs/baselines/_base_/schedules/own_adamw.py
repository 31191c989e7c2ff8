# The recipe of transformers: AdamW, warmed up, with a linear decay. Their 1,500 of 160,000
# iterations of warm-up become 54 of 5,750.
_base_ = './own.py'
warmup_end = 54
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.01),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=warmup_end),
    dict(
        type='PolyLR',
        eta_min=0.0,
        power=1.0,
        by_epoch=False,
        begin=warmup_end,
        end=_base_.iterations,
    ),
]
