# The recipe of best.py whose teacher stays to the end.
_base_ = '../../ktda/best.py'
custom_hooks = _base_.custom_hooks[:-1]
