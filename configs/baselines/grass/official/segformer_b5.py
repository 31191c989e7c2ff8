# The study's decoder is as narrow as that of B0.
_base_ = ['../../_base_/models/segformer_b5.py', '../../_base_/schedules/official.py']
model = dict(data_preprocessor=dict(size=(256, 256)), decode_head=dict(channels=256, num_classes=5))
