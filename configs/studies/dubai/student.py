# The student of the best recipe alone: no teacher, no modulation, labels from the first step.
_base_ = './modulation.py'
model = dict(decode_head=dict(modulation=None))
