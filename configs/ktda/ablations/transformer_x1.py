# Official experiment m.
_base_ = '../grass.py'
model = dict(decode_head=dict(modulation=dict(depth=1)))
