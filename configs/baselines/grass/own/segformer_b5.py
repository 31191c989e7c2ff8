# "SegFormer" (NeurIPS 2021), section 4.1, and the tenfold rate of the decoder in its code.
_base_ = ['../../_base_/models/segformer_b5.py', '../../_base_/schedules/own_adamw.py']
model = dict(data_preprocessor=dict(size=(256, 256)), decode_head=dict(num_classes=5))
optim_wrapper = dict(
    optimizer=dict(lr=6e-5),
    paramwise_cfg=dict(custom_keys=dict(norm=dict(decay_mult=0.0), head=dict(lr_mult=10.0))),
)
