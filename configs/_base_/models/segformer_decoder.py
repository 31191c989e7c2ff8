# The light decoder of the official ablations; it reads FAM's levels without a pyramid.
segformer_decoder = dict(
    _delete_=True,
    type='SegformerHead',
    in_channels=[768] * 4,
    in_index=[0, 1, 2, 3],
    channels=256,
    dropout_ratio=0.1,
    norm_cfg=dict(type='SyncBN', requires_grad=True),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
)
