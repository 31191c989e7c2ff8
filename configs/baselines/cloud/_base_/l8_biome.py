# L8-Biome as the cloud networks train on it: whole tiles or crops, mirrored and turned by quarters.
_base_ = [
    '../../../_base_/datasets/l8_biome.py',
    '../../../_base_/schedules/iterations.py',
    '../../../_base_/default_runtime.py',
]
custom_imports = dict(imports=['ktda_mmseg', 'projects.cloud_baselines'])
*reading, crop, flip, distortion, packing = _base_.train_pipeline
# this one always mirrors; undone by `flip` in half of the cases, all eight ways are alike likely
turn = dict(type='RandomRotFlip', rotate_prob=0.0, flip_prob=1.0)
rest = [turn, flip, packing]
train_dataloader = dict(dataset=dict(pipeline=[*reading, crop, *rest]))
crops_256 = [*reading, dict(crop, crop_size=(256, 256)), *rest]
crops_321 = [*reading, dict(crop, crop_size=(321, 321)), *rest]
crops_352 = [*reading, dict(crop, crop_size=(352, 352)), *rest]
# the learning rate falls to a tenth once five validations in a row bring nothing better
plateau = dict(type='ReduceOnPlateauLR', monitor='mIoU', rule='greater', factor=0.1, patience=4)
