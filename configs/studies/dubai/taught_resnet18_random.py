# The student of taught_resnet18.py, taught by the same transformer before it has learned anything:
# a file of random weights, so that the cache and every training have the same teacher.
_base_ = './taught_resnet18.py'
model = dict(teacher=dict(checkpoint='pretrained/vit_s_random.pth'))
pipeline = [
    dict(step, cache='data/dubai/random_vit_cache') if step['type'] == 'LoadTeacherMaps' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
