# Official experiment u.
_base_ = './mlp_x1.py'
model = dict(decode_head=dict(pyramid=None))
