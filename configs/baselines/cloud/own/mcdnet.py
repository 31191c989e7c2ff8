# Adam at 1e-4 that decays by a power of 0.9, batches of 8 tiles of 256 pixels, 50 epochs.
_base_ = ['../_base_/networks/mcdnet.py', '../_base_/l8_biome.py']
model = dict(data_preprocessor=dict(size=(256, 256)))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False, end=50000)]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_base_.crops_256))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=50000, val_interval=1000)
