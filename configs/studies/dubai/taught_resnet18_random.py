# The student of taught_resnet18.py, taught by the same transformer before it has learned anything:
# one file of random weights, so that cache and training have the same teacher, made by
# import timm, torch; torch.manual_seed(0)
# model = timm.create_model('vit_small_patch14_dinov2.lvd142m')
# torch.save(model.state_dict(), 'pretrained/vit_s_random.pth')
_base_ = './taught_resnet18.py'
model = dict(teacher=dict(checkpoint='pretrained/vit_s_random.pth'))
pipeline = [
    dict(step, cache='data/dubai/random_vit_cache') if step['type'] == 'LoadTeacherMaps' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
