# The student of best.py without a teacher: a pretrained small network, fine-tuned. Begin with it.
_base_ = './best.py'
model = dict(teacher=None, transfer_losses=None, standardise_teacher=False)
train_dataloader = dict(dataset=dict(pipeline={{_base_.remembered_crop_pipeline}}))
custom_hooks = _base_.custom_hooks[:-1]
