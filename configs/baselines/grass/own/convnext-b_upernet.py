# "A ConvNet for the 2020s" (CVPR 2022), appendix A.3: rates decay by 0.9 from stage to stage.
_base_ = ['../../_base_/models/convnext-b_upernet.py', '../../_base_/schedules/own_adamw.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
optim_wrapper = dict(
    optimizer=dict(weight_decay=0.05),
    constructor='LearningRateDecayOptimizerConstructor',
    paramwise_cfg=dict(decay_rate=0.9, decay_type='stage_wise', num_layers=12),
)
