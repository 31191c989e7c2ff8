_base_ = ['./cloud.py', '../_base_/models/fast.py']
model = _base_.fast
# two images in fp32 need 5 GiB, not 8
model.decode_head.modulation.update(with_cp=True)
