# "U-Net" (MICCAI 2015), section 3: SGD with a momentum of 0.99, rotation and grey values varied;
# elastic deformation is not in mmseg. It states no learning rate: with this one, steps are as long
# as at 0.01 and momentum 0.9.
_base_ = ['../../_base_/models/unet.py', '../../_base_/schedules/own_sgd.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    backbone=dict(upsample_cfg=dict(type='DeconvModule', kernel_size=2)),
    decode_head=dict(num_classes=5),
)
optim_wrapper = dict(optimizer=dict(lr=0.001, momentum=0.99))
rotation = dict(type='RandomRotate', prob=0.5, degree=180, seg_pad_val=255)
pipeline = [*_base_.geometry, rotation, _base_.distortion, _base_.packing]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
