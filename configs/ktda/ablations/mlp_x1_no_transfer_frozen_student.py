# Official `dinov2_b_frozen-fam-fmm_frozen_stu`.
_base_ = './mlp_x1_no_transfer.py'
model = dict(backbone=dict(frozen_stages=4))
