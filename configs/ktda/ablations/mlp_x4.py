# Official experiment k.
_base_ = './mlp_x1.py'
model = dict(decode_head=dict(modulation=dict(depth=4)))
