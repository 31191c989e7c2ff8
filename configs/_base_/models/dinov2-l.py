# Keys that the DINOv2-L teacher changes in the official ablations.
dinov2_l = dict(
    arch='large',
    out_indices=[7, 11, 15, 23],
    init_cfg=dict(
        checkpoint='https://download.openmmlab.com/mmpretrain/v1.0/dinov2/'
        'vit-large-p14_dinov2-pre_3rdparty_20230426-f3302d9e.pth'
    ),
)
