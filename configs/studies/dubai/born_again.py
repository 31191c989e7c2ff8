# EfficientNet-Lite0 taught by itself as row 'finetuned' has left it, see taught_by_tuned.py.
_base_ = './taught_by_tuned.py'
model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_delete_=True, type='EfficientNetLite0'),
    neck=dict(in_channels=_base_.widths),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
