# A ResNet-18 of 24 channels with a pyramid of 64 learns what the decoder of ukis-csmask sees: its
# levels know their context, and so do the student's.
_base_ = ['./ktda_best.py', './csmask_decoder.py']
widths = _base_.csmask_decoder_widths
model = dict(
    backbone=dict(
        _delete_=True,
        type='PyramidBackbone',
        backbone=dict(_base_.resnet18, in_channels=8),
        pyramid=dict(type='FPN', in_channels=[24, 48, 96, 192], out_channels=64, num_outs=4),
    ),
    teacher=dict(_base_.csmask_decoder, _delete_=True),
    neck=dict(in_channels=[64] * 3, in_index=[0, 1, 2], out_channels=widths, patch_size=[4, 8, 16]),
    decode_head=dict(
        in_channels=widths,
        modulation=None,
        decoder=dict(in_channels=widths, in_index=[0, 1, 2]),
        auxiliary=dict(in_channels=widths[2]),
    ),
)
