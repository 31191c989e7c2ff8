# AdamW at 1e-3 in batches of 32, for up to 50 epochs.
_base_ = ['../_base_/networks/unetmobv2.py', '../_base_/l8_biome.py']
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3))
param_scheduler = [_base_.plateau]
train_dataloader = dict(batch_size=32)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=12400, val_interval=248)
default_hooks = dict(checkpoint=dict(interval=248))
