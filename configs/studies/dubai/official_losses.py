# The official losses and schedule on the same student: raw features, KL over the width, one stage.
_base_ = './one_stage.py'
model = dict(
    standardise_teacher=False,
    transfer_losses=[
        dict(type='FeatureKLDivLoss', axis='width', loss_weight=0.5),
        dict(type='FeatureL2Loss', loss_weight=0.5),
    ],
)
optim_wrapper = dict(optimizer=dict(lr=6e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=100),
    dict(type='PolyLR', eta_min=0.0, power=0.9, by_epoch=False, begin=100, end=2000),
]
