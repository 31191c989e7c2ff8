# The student of taught_resnet18.py alone.
_base_ = './taught_resnet18.py'
model = dict(teacher=None, transfer_losses=None, standardise_teacher=False)
train_dataloader = dict(dataset=dict(pipeline={{_base_.remembered_crop_pipeline}}))
