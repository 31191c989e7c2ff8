# Official experiment c, the base of most others.
_base_ = '../grass.py'
model = dict(decode_head=dict(modulation=dict(_delete_=True, type='mlp', depth=1, reduction=4)))
