# Dubai in crops of 128x128: tiles are decoded once and kept, crops flipped and turned.
_base_ = './dubai.py'
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    dataset=dict(pipeline={{_base_.remembered_crop_pipeline}}),
)
