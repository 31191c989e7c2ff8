# The official training step: student twice, FAM's convolution first, an optimizer that is not
# fused. For benchmarks only.
_base_ = '../grass.py'
model = dict(type='OfficialStepSegmentor', neck=dict(type='OfficialFAM'))
optim_wrapper = dict(optimizer=dict(fused=False))
