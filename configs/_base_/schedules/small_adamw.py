# AdamW for small networks, with or without a stage by the teacher alone.
_base_ = './iterations.py'
find_unused_parameters = True  # decoders have no gradient in such a stage
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-3, weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=5.0),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
)
