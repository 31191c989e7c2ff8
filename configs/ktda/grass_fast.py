_base_ = ['./grass.py', '../_base_/models/fast.py']
model = _base_.fast
