# Official experiment v.
_base_ = ['./mlp_x1_no_pyramid.py', '../../_base_/models/segformer_decoder.py']
model = dict(decode_head=dict(decoder={{_base_.segformer_decoder}}))
