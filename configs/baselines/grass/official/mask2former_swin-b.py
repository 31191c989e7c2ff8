_base_ = ['../../_base_/models/mask2former_swin-b.py', '../../_base_/schedules/official.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(loss_cls=dict(class_weight=[1.0] * 5 + [0.1]), num_classes=5),
)
