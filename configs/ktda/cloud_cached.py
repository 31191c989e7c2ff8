# Reads DINOv2's maps of both flips from disk: tools/cache_teacher.py configs/ktda/cloud_cached.py
# Unlike in cloud.py, the teacher sees the images without PhotoMetricDistortion.
_base_ = './cloud.py'
*geometry, distortion, _ = _base_.train_pipeline
cache = dict(type='LoadTeacherMaps', cache='data/l8_biome/teacher_cache')
train_pipeline = [*geometry, cache, distortion, dict(type='PackTransferInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
