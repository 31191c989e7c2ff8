# Official experiment s.
_base_ = ['./mlp_x1_segformer.py', '../../_base_/models/students.py']
model = dict(backbone={{_base_.convnextv2_femto}}, neck=dict(in_channels=[48, 96, 192, 384]))
