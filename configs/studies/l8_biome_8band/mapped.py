# The student of l8_biome_8band_decoder.py learns the teacher's own map too, its three scores at
# each pixel; the labels then train a linear layer on that map, and little of what is before it.
_base_ = '../../ktda/l8_biome_8band_decoder.py'
widths = [3, 32, 128, 256]
grids = [4, 4, 8, 16]
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/map_cache', patch_size=grids)
pipeline = [maps if step['type'] == 'LoadTeacherMaps' else step for step in _base_.pipeline]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
linear = dict(
    type='FCNHead',
    in_channels=3,
    in_index=0,
    channels=3,
    num_convs=0,
    concat_input=False,
    dropout_ratio=0.0,
    loss_decode=dict(_base_.loss, type='CrossEntropyLoss'),
)
model = dict(
    teacher=dict(outputs=['output', *_base_.model.teacher.outputs]),
    neck=dict(in_channels=[64] * 4, in_index=[0, 0, 1, 2], out_channels=widths, patch_size=grids),
    decode_head=dict(
        in_channels=widths,
        decoder=dict(linear, _delete_=True),
        auxiliary=dict(in_index=3),
    ),
)
