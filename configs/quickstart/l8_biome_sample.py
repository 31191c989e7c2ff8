_base_ = [
    '../_base_/models/ktda_small.py',
    '../_base_/datasets/l8_biome_sample.py',
    '../_base_/schedules/quickstart.py',
    '../_base_/default_runtime.py',
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline={{_base_.crop_pipeline}}))
galileo = 'https://raw.githubusercontent.com/nasaharvest/galileo/0f0b5b95ac81acef4b74cf4686dc877202f4541b/'
model = dict(
    teacher=dict(
        _delete_=True,
        type='Galileo',
        init_cfg=dict(type='Pretrained', checkpoint=galileo + 'data/models/nano/encoder.pt'),
    ),
    neck=dict(out_channels=128),
    decode_head=dict(num_classes=4, in_channels=[128] * 4, pyramid=dict(in_channels=[128] * 4)),
    transfer_losses=[
        dict(type='FeatureKLDivLoss', axis='channel'),
        dict(type='FeatureL2Loss'),
    ],
)
