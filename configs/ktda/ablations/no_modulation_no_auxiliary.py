# Official experiment d.
_base_ = './no_modulation.py'
model = dict(decode_head=dict(auxiliary=None))
