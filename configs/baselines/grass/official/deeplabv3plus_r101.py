_base_ = ['../../_base_/models/deeplabv3plus_r101.py', '../../_base_/schedules/official.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
