# two_stages.py with most of the steps by the teacher alone. Labels then find a student that is kept
# as it is: what they train moves slowly, but for the decoder, which has much to learn.
_base_ = './two_stages.py'
stage, rest = 3000, 500
warmup, cosine = _base_.param_scheduler
cosine = dict(cosine, periods=[stage - 50, rest], restart_weights=[1.0, 0.1], end=stage + rest)
param_scheduler = [warmup, cosine]
one_stage = [warmup, dict(_base_.one_stage[1], end=stage + rest)]
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'decode_head.decoder': dict(lr_mult=50.0)}))
train_cfg = dict(max_iters=stage + rest, val_interval=1750)
