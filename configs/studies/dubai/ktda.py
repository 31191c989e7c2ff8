# Full KTDA: the recipe of dubai_best.py with modulation on the grids of strides 16 and 32.
_base_ = '../../ktda/dubai_best.py'
modulation = dict(_delete_=True, type='transformer', depth=[0, 0, 1, 1], num_heads=8, mlp_ratio=2)
model = dict(decode_head=dict(modulation=modulation))
