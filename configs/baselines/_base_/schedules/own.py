# Grass in what the recipes of the baselines' papers share: batches of 16, and tiles of half to
# twice their size. As many images are seen as in the official study: 100 epochs of 920.
_base_ = [
    '../../../_base_/datasets/grass.py',
    '../../../_base_/schedules/iterations.py',
    '../../../_base_/default_runtime.py',
]
iterations = 5750
scaling = dict(type='RandomResize', scale=_base_.crop_size, ratio_range=(0.5, 2.0), keep_ratio=True)
*reading, crop, flip, distortion, packing = _base_.train_pipeline
geometry = [*reading, scaling, dict(crop, cat_max_ratio=0.75), flip]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[*geometry, distortion, packing]))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations, val_interval=230)
# val is the published set's test split as well, so no checkpoint is chosen by it
default_hooks = dict(logger=dict(interval=230), checkpoint=dict(interval=230, save_best=None))
