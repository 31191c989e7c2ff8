_base_ = ['../_base_/pspnet.py', '../_base_/dubai.py']
model = dict(decode_head=dict(num_classes=5), auxiliary_head=dict(num_classes=5))
