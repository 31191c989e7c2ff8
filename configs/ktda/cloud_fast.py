_base_ = ['./cloud.py', '../_base_/models/fast.py']
model = _base_.fast
# as many keys as the grass model has; and two images in fp32 need 5 GiB, not 8
model.decode_head.modulation.update(pool=[8, 4, 2, 1], with_cp=True)
