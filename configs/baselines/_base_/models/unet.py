# Batch norm and padding, which the paper's network lacks, so that an image keeps its size.
_base_ = '../encoder_decoder.py'
model = dict(
    backbone=dict(type='UNet', norm_cfg=_base_.norm_cfg),
    decode_head=dict(
        type='FCNHead',
        in_channels=64,
        in_index=4,
        channels=64,
        num_convs=0,
        concat_input=False,
        dropout_ratio=0,
    ),
)
