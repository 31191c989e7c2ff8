# Official experiment i.
_base_ = './mlp_x1.py'
model = dict(decode_head=dict(modulation=dict(depth=2)))
