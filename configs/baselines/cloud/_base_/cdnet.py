# What CDNetV1 and CDNetV2 are trained with: SGD that decays by a power of 0.9, crops of 321 pixels.
_base_ = './l8_biome.py'
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False, end=80000)]
train_dataloader = dict(dataset=dict(pipeline=_base_.crops_321))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=80000, val_interval=1000)
