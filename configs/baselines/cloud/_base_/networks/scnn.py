# Chai et al. 2024: three convolutions, one of which sees the neighbours of a pixel.
_base_ = '../../../_base_/encoder_decoder.py'
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(type='SCNN'),
    decode_head=dict(
        type='SCNNHead', in_channels=64, channels=64, num_classes=4, dropout_ratio=0.5
    ),
)
