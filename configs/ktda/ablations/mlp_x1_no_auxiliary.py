# Official experiment l.
_base_ = './mlp_x1.py'
model = dict(decode_head=dict(auxiliary=None))
