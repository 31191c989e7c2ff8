# KTDA's student and decoders with nothing between them.
_base_ = '../encoder_decoder.py'
model = dict(
    backbone=_base_.student,
    decode_head=dict(_base_.decoder, in_channels=[128, 256, 512, 1024]),
    auxiliary_head=dict(_base_.auxiliary, in_channels=512),
)
