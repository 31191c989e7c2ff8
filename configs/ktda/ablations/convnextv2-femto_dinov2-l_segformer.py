# Official experiment y.
_base_ = ['./convnextv2-femto_segformer.py', '../../_base_/models/dinov2-l.py']
model = dict(
    teacher={{_base_.dinov2_l}},
    neck=dict(out_channels=1024),
    decode_head=dict(
        in_channels=[1024] * 4,
        decoder=dict(in_channels=[1024] * 4),
        auxiliary=dict(in_channels=1024),
    ),
)
