# Official experiment o; p, with 4 blocks, is grass.py.
_base_ = '../grass.py'
model = dict(decode_head=dict(modulation=dict(depth=3)))
