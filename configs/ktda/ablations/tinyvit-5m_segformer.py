# Official `vit_tiny_student_adapter_segformer_head`.
_base_ = './tinyvit-5m_mlp_x1_segformer.py'
model = dict(decode_head=dict(modulation=None))
