# The recipe of the published comparison (XavierJiezou/cloudseg): 40,000 iterations of 4 tiles, one
# learning rate throughout, pixels from 0 to 1. The leaves name each network's optimizer.
_base_ = './l8_biome.py'
pixels = dict(mean=[0.0] * 3, std=[255.0] * 3)
train_dataloader = dict(batch_size=4)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=40000, val_interval=4000)
default_hooks = dict(checkpoint=dict(interval=4000))
