# Official `dinov2_b_frozen-fam-fmm_focallLoss`.
_base_ = './mlp_x1.py'
model = dict(
    decode_head=dict(
        decoder=dict(
            loss_decode=[
                dict(type='SigmoidFocalLoss'),
                dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            ]
        )
    )
)
