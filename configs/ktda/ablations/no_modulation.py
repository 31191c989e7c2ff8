# Official `dinov2_b_frozen-fam`; experiment b, which was not published, is probably this one.
_base_ = '../grass.py'
model = dict(decode_head=dict(modulation=None))
