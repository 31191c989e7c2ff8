# Besides the decoder's features the student learns ukis-csmask's own map, its three scores at each
# pixel, and a linear layer makes the classes of it.
_base_ = './ktda_fpn_csmask.py'
widths = [3, *_base_.widths]
grids = [4, 4, 8, 16]
model = dict(
    teacher=dict(outputs=['output', *_base_.csmask_decoder.outputs]),
    neck=dict(in_channels=[64] * 4, in_index=[0, 0, 1, 2], out_channels=widths, patch_size=grids),
    decode_head=dict(
        in_channels=widths,
        # a linear layer
        decoder=dict(
            _delete_=True,
            type='FCNHead',
            in_channels=3,
            in_index=0,
            channels=3,
            num_convs=0,
            concat_input=False,
            dropout_ratio=0.0,
            loss_decode=dict(type='CrossEntropyLoss'),
        ),
        auxiliary=dict(in_index=3),
    ),
)
