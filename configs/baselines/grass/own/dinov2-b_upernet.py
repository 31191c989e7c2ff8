# The recipe of the code released with "DINOv2" (2023) for heads on the frozen backbone; its 1,500
# of 40,000 iterations of warm-up become 216 of 5,750.
_base_ = ['../../_base_/models/dinov2-b_upernet.py', '../../_base_/schedules/own_adamw.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=1e-4))
warmup, decay = _base_.param_scheduler
param_scheduler = [dict(warmup, end=216), dict(decay, begin=216)]
