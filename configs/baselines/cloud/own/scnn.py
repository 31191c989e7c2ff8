# RMSProp as the authors' code sets it; they train on 3×3 patches of some thousand pixels.
_base_ = ['../_base_/networks/scnn.py', '../_base_/l8_biome.py']
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='RMSprop', lr=1e-4, alpha=0.995))
train_dataloader = dict(batch_size=8)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=40000, val_interval=1000)
