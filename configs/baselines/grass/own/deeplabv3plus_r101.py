# "Encoder-Decoder with Atrous Separable Convolution" (ECCV 2018), section 4; weight decay as in
# the code released with it.
_base_ = ['../../_base_/models/deeplabv3plus_r101.py', '../../_base_/schedules/own_sgd.py']
model = dict(
    data_preprocessor=dict(size=(256, 256)),
    decode_head=dict(num_classes=5),
    auxiliary_head=dict(num_classes=5),
)
optim_wrapper = dict(optimizer=dict(lr=0.007, weight_decay=4e-5))
