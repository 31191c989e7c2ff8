# The student of the best recipe as it is trained elsewhere: fine-tuned from its ImageNet weights.
_base_ = '../../ktda/best.py'
model = dict(teacher=None, transfer_losses=None, standardise_teacher=False)
train_dataloader = dict(dataset=dict(pipeline={{_base_.remembered_crop_pipeline}}))
