# Adam at 1e-3, 5 % less every 3 epochs, batches of 8 tiles; it ends where KTDA does.
_base_ = ['../_base_/networks/dbnet.py', '../_base_/l8_biome.py']
model = dict(data_preprocessor=dict(size=(256, 256)))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', gamma=0.95, step_size=3000, by_epoch=False)]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_base_.crops_256))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=80000, val_interval=1000)
