# The small model on whole tiles, taught by Galileo (nano), which learned from Sentinel-2. It is
# meant for small sets: group norm needs no statistics of them.
_base_ = './ktda_small.py'
repository = 'https://raw.githubusercontent.com/nasaharvest/galileo/'
commit = '0f0b5b95ac81acef4b74cf4686dc877202f4541b'
weights = dict(type='Pretrained', checkpoint=f'{repository}{commit}/data/models/nano/encoder.pt')
norm_cfg = dict(type='GN', num_groups=8)
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    teacher=dict(_delete_=True, type='Galileo', init_cfg=weights),
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
