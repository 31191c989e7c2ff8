# Official experiment f (alpha 1).
_base_ = './mlp_x1.py'
model = dict(transfer_losses=[dict(type='FeatureKLDivLoss', axis='width', loss_weight=1.0)])
