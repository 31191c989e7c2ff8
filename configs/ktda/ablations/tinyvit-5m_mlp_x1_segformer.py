# Official experiment t.
_base_ = ['./mlp_x1_segformer.py', '../../_base_/models/students.py']
model = dict(backbone={{_base_.tinyvit_5m}}, neck=dict(in_channels=[128, 160, 320, 320], stride=8))
