_base_ = ['./cloud.py', '../_base_/models/fast.py']
model = _base_.fast
model.decode_head.modulation.with_cp = True  # two images of 512x512 in fp32 then need 5 GiB, not 8
