# All bands of the Landsat sample: the first stages of ukis-csmask's encoder are the student, taught
# by its decoder. The first six bands are normalised as for csmask.
_base_ = './l8_biome_8band_decoder.py'
bands = _base_.csmask['bands']
mean = [*(_base_.csmask['input_mean'][i] for i in bands), *_base_.mean[6:]]
std = [*(_base_.csmask['input_std'][i] for i in bands), *_base_.std[6:]]
first_stages = dict(
    {key: value for key, value in _base_.csmask.items() if key not in ('bands', 'in_chans')},
    _delete_=True,
    in_channels=8,
    out_indices=[1, 2, 3],
    init_cfg=dict(_base_.csmask['init_cfg'], widen_stem=bands),
)
# between the inverse frequencies of classes and their square roots
loss = dict(class_weight=[0.5, 15.0, 2.0, 0.9])
model = dict(
    data_preprocessor=dict(mean=mean, std=std),
    backbone=dict(
        backbone=first_stages, pyramid=dict(in_channels=_base_.csmask_widths[:3], num_outs=3)
    ),
    decode_head=dict(decoder=dict(loss_decode=loss), auxiliary=dict(loss_decode=loss)),
)
