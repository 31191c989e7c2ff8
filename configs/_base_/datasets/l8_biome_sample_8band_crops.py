# All bands of the Landsat sample in crops of 128x128: tiles are read once, crops flipped, turned.
# tools/cache_teacher.py CONFIG makes the maps of csmask.py, which sees whole tiles.
_base_ = './l8_biome_sample_8band.py'
seed, *reading, cut, flip, turn, jitter, pack = _base_.train_pipeline
remember = dict(type='RememberSample', transforms=reading)
moves = [dict(cut, crop_size=(128, 128)), flip, turn]
untaught_pipeline = [seed, remember, *moves, jitter, pack]
tracked = dict(remember, transforms=[*reading, dict(type='TrackPixels')])
cache = 'data/l8_biome_sample_8band/teacher_cache'
maps = dict(type='LoadTeacherMaps', cache=cache, patch_size=[4, 8, 16, 32])
train_pipeline = [seed, tracked, *moves, maps, jitter, dict(type='PackTransferInputs')]
train_dataloader = dict(
    batch_size=8, num_workers=1, persistent_workers=True, dataset=dict(pipeline=train_pipeline)
)
# what any model of these crops has
loss = dict(class_weight=_base_.class_weight)
eight_bands = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='MultiBandSegDataPreProcessor',
        mean=_base_.mean,
        std=_base_.std,
        size=(128, 128),
    ),
    decode_head=dict(
        num_classes=4, decoder=dict(loss_decode=loss), auxiliary=dict(loss_decode=loss)
    ),
    test_cfg=dict(stride=(128, 128)),
)
