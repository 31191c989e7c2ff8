_base_ = ['../_base_/segformer.py', '../_base_/l8_biome_sample.py']
model = dict(decode_head=dict(num_classes=4, loss_decode=_base_.loss))
