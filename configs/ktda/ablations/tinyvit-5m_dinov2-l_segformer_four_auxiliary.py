# Official experiment ab.
_base_ = ['./tinyvit-5m_dinov2-l_segformer.py', '../../_base_/models/four_auxiliary.py']
model = dict(decode_head=dict(auxiliary={{_base_.four_auxiliary}}))
