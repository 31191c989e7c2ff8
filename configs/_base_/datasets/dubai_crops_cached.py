# The crops of dubai_crops.py with the teacher's maps of the tiles that they are cut from:
# tools/cache_teacher.py CONFIG makes them. It sees whole tiles, without PhotoMetricDistortion.
_base_ = './dubai_crops.py'
seed, remember, *geometry, distortion, _ = _base_.remembered_crop_pipeline
train_pipeline = [
    seed,
    dict(remember, transforms=[*remember['transforms'], dict(type='TrackPixels')]),
    *geometry,
    dict(type='LoadTeacherMaps', cache='data/dubai/teacher_cache', patch_size=8),
    distortion,
    dict(type='PackTransferInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
