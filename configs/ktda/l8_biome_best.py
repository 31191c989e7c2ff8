# The best recipe on the Landsat sample, see docs/results: few steps, and rare classes count.
_base_ = [
    '../_base_/models/ktda_best_galileo.py',
    '../_base_/datasets/l8_biome_sample_crops.py',
    '../_base_/schedules/two_short_stages.py',
    '../_base_/default_runtime.py',
]
custom_hooks = [*_base_.custom_hooks, dict(type='TransferStageHook', iters=_base_.stage)]
loss = dict(class_weight=_base_.class_weight)
model = dict(
    # a count of 255 is a reflectance of 0.5, and pixels are Landsat's
    teacher=dict(input_scale=5000 / 255, input_gsd=30.0),
    decode_head=dict(
        num_classes=4,
        decoder=dict(loss_decode=loss),
        auxiliary=dict(loss_decode=loss),
    ),
    test_cfg=dict(stride=(128, 128)),
)
