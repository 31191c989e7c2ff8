# "Masked-attention Mask Transformer" (CVPR 2022), section 4.1: a tenth of the rate for the
# backbone, a power of 0.9 without warm-up, gradients clipped to 0.01.
_base_ = ['../../_base_/models/mask2former_swin-b.py', '../../_base_/schedules/own_adamw.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(loss_cls=dict(class_weight=[1.0] * 5 + [0.1]), num_classes=5),
)
# norms and embeddings keep their size, as in the code released with the paper
slow = dict(lr_mult=0.1, decay_mult=0.0)
norms = ['patch_embed.norm', 'downsample.norm', 'backbone.norm']
norms += [f'blocks.{block}.norm' for block in range(18)]
still = dict(decay_mult=0.0)
optim_wrapper = dict(
    optimizer=dict(weight_decay=0.05),
    clip_grad=dict(max_norm=0.01),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        custom_keys={
            'backbone': dict(lr_mult=0.1),
            **dict.fromkeys([*norms, 'relative_position_bias_table'], slow),
            **dict.fromkeys(['query_embed', 'query_feat', 'level_embed'], still),
        },
    ),
)
param_scheduler = [dict(_base_.param_scheduler[1], power=0.9, begin=0)]
