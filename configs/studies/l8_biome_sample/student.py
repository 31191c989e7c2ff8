# The student alone: no teacher, no modulation.
_base_ = './modulation.py'
model = dict(decode_head=dict(modulation=None))
