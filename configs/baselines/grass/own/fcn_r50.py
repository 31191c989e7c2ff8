# "Fully Convolutional Networks for Semantic Segmentation" (CVPR 2015), section 4.3: SGD, momentum
# 0.9, weight decay 5e-4, twice the rate for biases, no augmentation. Its rate, 1e-4, is for VGG-16;
# that of ResNets here is PSPNet's.
_base_ = ['../../_base_/models/fcn_r50.py', '../../_base_/schedules/own_sgd.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
optim_wrapper = dict(optimizer=dict(weight_decay=5e-4), paramwise_cfg=dict(bias_lr_mult=2.0))
train_dataloader = dict(dataset=dict(pipeline=[*_base_.reading, _base_.packing]))
