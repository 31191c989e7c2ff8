_base_ = ['../_base_/segformer.py', '../_base_/dubai.py']
model = dict(decode_head=dict(num_classes=5))
