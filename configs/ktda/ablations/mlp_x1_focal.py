# Official `dinov2_b_frozen-fam-fmm_focallLoss`.
# On a GPU mmseg's FocalLoss needs mmcv's compiled ops.
_base_ = './mlp_x1.py'
model = dict(
    decode_head=dict(
        decoder=dict(
            loss_decode=[
                dict(type='FocalLoss', use_sigmoid=True, loss_weight=1.0),
                dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            ]
        )
    )
)
