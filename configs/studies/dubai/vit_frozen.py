# A head on the vision transformer, which is kept as it is: the cheapest use of it.
_base_ = './vit_adapters.py'
model = dict(backbone=dict(backbone=dict(adapters=None, frozen=True)))
