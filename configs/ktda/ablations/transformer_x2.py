# Official experiment n.
_base_ = '../grass.py'
model = dict(decode_head=dict(modulation=dict(depth=2)))
