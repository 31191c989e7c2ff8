# A pretrained small network, fine-tuned: the best recipe known for images of your own, which
# inherit it as docs/data.md says.
_base_ = [
    '../_base_/models/lite0.py',
    '../_base_/datasets/dubai_crops.py',
    '../_base_/schedules/steps.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=5), test_cfg=dict(stride=(128, 128)))
