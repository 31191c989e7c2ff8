# two_stages.py in a quarter of the steps, for a few tiles.
_base_ = './two_stages.py'
stage = 250
warmup, cosine = _base_.param_scheduler
param_scheduler = [warmup, dict(cosine, periods=[stage - 50, stage], end=2 * stage)]
one_stage = [warmup, dict(_base_.one_stage[1], end=2 * stage)]
train_cfg = dict(max_iters=2 * stage, val_interval=stage)
