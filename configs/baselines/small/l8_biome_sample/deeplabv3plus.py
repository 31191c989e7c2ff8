_base_ = ['../_base_/deeplabv3plus.py', '../_base_/l8_biome_sample.py']
model = dict(
    decode_head=dict(num_classes=4, loss_decode=_base_.loss),
    auxiliary_head=dict(num_classes=4, loss_decode=dict(class_weight=_base_.class_weight)),
)
