# The official training step, student twice and FAM's convolution first: for benchmarks only.
_base_ = '../cloud.py'
model = dict(type='OfficialStepSegmentor', neck=dict(type='OfficialFAM'))
