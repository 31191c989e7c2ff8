# Dice loss, Adam at 1e-4 and batches of 6, as in the authors' configuration, pixels from 0 to 1.
# Their 200 epochs would be 264,000 iterations; this ends where KTDA does.
_base_ = ['../_base_/networks/kappamask.py', '../_base_/l8_biome.py']
model = dict(
    data_preprocessor=dict(mean=[0.0] * 3, std=[255.0] * 3),
    decode_head=dict(loss_decode=dict(type='DiceLoss', use_sigmoid=False, loss_weight=1.0)),
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
train_dataloader = dict(batch_size=6)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=80000, val_interval=1000)
