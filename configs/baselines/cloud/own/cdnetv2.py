_base_ = ['../_base_/networks/cdnetv2.py', '../_base_/cdnet.py']
model = dict(data_preprocessor=dict(size=(321, 321)))
train_dataloader = dict(batch_size=16)
