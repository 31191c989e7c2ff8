# Reads DINOv2's maps of both flips from disk: tools/cache_teacher.py configs/ktda/grass_cached.py
# Unlike in grass.py, the teacher sees the images without PhotoMetricDistortion.
_base_ = './grass.py'
*geometry, distortion, _ = _base_.train_pipeline
cache = dict(type='LoadTeacherMaps', cache='data/grass/teacher_cache')
train_pipeline = [*geometry, cache, distortion, dict(type='PackTransferInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
