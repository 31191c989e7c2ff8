# The small model on whole tiles, taught by Galileo (nano). It is meant for small sets: group norm
# needs no statistics of them.
_base_ = ['./ktda_small.py', './galileo.py']
norm_cfg = dict(type='GN', num_groups=8)
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    teacher=dict(_base_.galileo, _delete_=True),
    neck=dict(out_channels=128),
    decode_head=dict(
        in_channels=[128] * 4,
        pyramid=dict(in_channels=[128] * 4),
        decoder=dict(norm_cfg=norm_cfg),
        auxiliary=dict(norm_cfg=norm_cfg),
    ),
    transfer_losses=[dict(type='FeatureKLDivLoss', axis='channel'), dict(type='FeatureL2Loss')],
    test_cfg=dict(mode='whole'),
)
