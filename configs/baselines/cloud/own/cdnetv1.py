# The deepest features are supervised, too, with the weight of the last.
_base_ = ['../_base_/networks/cdnetv1.py', '../_base_/cdnet.py']
model = dict(
    data_preprocessor=dict(size=(321, 321)),
    auxiliary_head=dict(_base_.deepest, in_index=2, dropout_ratio=0.1),
)
train_dataloader = dict(batch_size=10)
