# Adam at 5e-5 that decays by a power of 0.9, batches of 8 crops of 352 pixels, 60 epochs.
_base_ = ['../_base_/networks/hrcloudnet.py', '../_base_/l8_biome.py']
model = dict(data_preprocessor=dict(size=(352, 352)))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5, weight_decay=5e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False, end=60000)]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=_base_.crops_352))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=60000, val_interval=1000)
