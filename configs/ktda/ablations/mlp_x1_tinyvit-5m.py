# Official experiment x.
_base_ = ['./mlp_x1.py', '../../_base_/models/students.py']
model = dict(backbone={{_base_.tinyvit_5m}}, neck=dict(in_channels=[128, 160, 320, 320], stride=8))
