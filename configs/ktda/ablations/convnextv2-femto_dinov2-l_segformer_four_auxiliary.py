# Official experiment aa.
_base_ = ['./convnextv2-femto_dinov2-l_segformer.py', '../../_base_/models/four_auxiliary.py']
model = dict(decode_head=dict(auxiliary={{_base_.four_auxiliary}}))
