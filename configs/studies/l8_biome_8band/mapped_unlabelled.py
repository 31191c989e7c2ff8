# l8_biome_8band_map.py, whose teacher explains the tiles of validation and test too; their labels
# stay unseen.
_base_ = '../../ktda/l8_biome_8band_map.py'
maps = dict(_base_.maps, cache='data/l8_biome_sample_8band/all_map_cache')
pipeline = [maps if step['type'] == 'LoadTeacherMaps' else step for step in _base_.pipeline]
train_dataloader = dict(dataset=dict(unlabelled=['img_dir/val', 'img_dir/test'], pipeline=pipeline))
