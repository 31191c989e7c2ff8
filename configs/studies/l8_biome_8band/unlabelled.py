# l8_biome_8band_decoder.py, whose teacher explains the tiles of validation and test too; their
# labels stay unseen.
_base_ = '../../ktda/l8_biome_8band_decoder.py'
seed, tracked, *moves = _base_.pipeline
load = [
    dict(type='LoadLabels') if step['type'] == 'LoadAnnotations' else step
    for step in tracked['transforms']
]
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/all_decoder_cache')
steps = [maps if step['type'] == 'LoadTeacherMaps' else step for step in moves]
train_dataloader = dict(
    dataset=dict(
        unlabelled=['img_dir/val', 'img_dir/test'],
        pipeline=[seed, dict(tracked, transforms=load), *steps],
    )
)
