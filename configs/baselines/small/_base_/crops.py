# What small baselines share: crops of 128x128, also where they predict, and plain batch norm.
_base_ = '../../_base_/encoder_decoder.py'
crop = (128, 128)
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(size=crop),
    test_cfg=dict(mode='slide', crop_size=crop, stride=crop),
)
