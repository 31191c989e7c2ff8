# Official `dinov2_b_frozen-fam-fmm_not_distill`.
_base_ = './mlp_x1.py'
model = dict(teacher=None, transfer_losses=None)
