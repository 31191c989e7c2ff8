_base_ = ['./cloud.py', '../_base_/models/fast.py']
model = {{_base_.fast}}
