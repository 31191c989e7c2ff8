# Official experiment a.
_base_ = '../grass.py'
model = dict(teacher=None, transfer_losses=None, decode_head=dict(modulation=None))
