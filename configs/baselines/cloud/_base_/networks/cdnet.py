# What CDNetV1 and CDNetV2 share: the classifier with which the deepest features are supervised.
_base_ = '../../../_base_/encoder_decoder.py'
deepest = dict(
    type='FCNHead',
    in_channels=256,
    channels=256,
    num_convs=0,
    concat_input=False,
    num_classes=4,
    align_corners=True,
)
model = dict(data_preprocessor=dict(size=(512, 512)))
