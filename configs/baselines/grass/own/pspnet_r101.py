# "Pyramid Scene Parsing Network" (CVPR 2017), section 5.1; without its Gaussian blur, which
# mmseg lacks.
_base_ = ['../../_base_/models/pspnet_r101.py', '../../_base_/schedules/own_sgd.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
rotation = dict(type='RandomRotate', prob=0.5, degree=10, seg_pad_val=255)
pipeline = [*_base_.geometry, rotation, _base_.packing]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
