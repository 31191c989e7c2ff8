# One auxiliary decoder a level, as in the last official ablations.
four_auxiliary = [
    dict(
        type='FCNHead',
        in_channels=1024,
        in_index=index,
        channels=256,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4),
    )
    for index in range(4)
]
