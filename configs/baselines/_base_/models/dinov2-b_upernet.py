# KTDA's teacher, frozen, in the student's place; its pyramid and its decoders.
_base_ = '../encoder_decoder.py'
model = dict(
    backbone=dict(_base_.teacher, frozen_stages=12),
    neck=_base_.pyramid,
    decode_head=_base_.decoder,
    auxiliary_head=_base_.auxiliary,
)
