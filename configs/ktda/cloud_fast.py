_base_ = ['./cloud.py', '../_base_/models/fast.py']
model = dict(decode_head={{_base_.fast}})
