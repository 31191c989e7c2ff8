# Domnich et al. 2021: a U-Net without norms.
_base_ = '../../../_base_/encoder_decoder.py'
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(type='KappaMask'),
    decode_head=dict(
        type='KappaMaskHead',
        in_channels=[64, 128, 256, 512, 1024],
        in_index=[0, 1, 2, 3, 4],
        channels=2,
        num_classes=4,
        dropout_ratio=0,
    ),
)
