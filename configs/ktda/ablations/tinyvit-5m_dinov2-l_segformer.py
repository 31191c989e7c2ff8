# Official experiment z.
_base_ = './convnextv2-femto_dinov2-l_segformer.py'
model = dict(backbone={{_base_.tinyvit_5m}}, neck=dict(in_channels=[128, 160, 320, 320], stride=8))
