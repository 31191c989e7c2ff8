# Official experiment e (alpha 0, which the official code halves).
_base_ = './mlp_x1.py'
model = dict(transfer_losses=[dict(type='FeatureL2Loss', loss_weight=0.5)])
