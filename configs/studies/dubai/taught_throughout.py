# The recipe of taught.py whose teacher stays to the end.
_base_ = '../../ktda/taught.py'
custom_hooks = _base_.custom_hooks[:-1]
