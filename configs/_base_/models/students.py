# Smaller students of the official ablations; `_delete_` lets each replace the base's backbone.
openmmlab = 'https://download.openmmlab.com/mmclassification/v0/'
convnextv2_femto = dict(
    _delete_=True,
    type='mmpretrain.ConvNeXt',
    arch='femto',
    out_indices=[0, 1, 2, 3],
    drop_path_rate=0.1,
    layer_scale_init_value=0.0,
    gap_before_final_norm=False,
    use_grn=True,
    init_cfg=dict(
        type='Pretrained',
        checkpoint=openmmlab
        + 'convnext-v2/convnext-v2-femto_3rdparty-fcmae_in1k_20230104-adbe2082.pth',
        prefix='backbone.',
    ),
)
tinyvit_5m = dict(
    _delete_=True,
    type='mmpretrain.TinyViT',
    arch='5m',
    img_size=(256, 256),
    window_size=[7, 7, 14, 7],
    out_indices=(0, 1, 2, 3),
    drop_path_rate=0.0,
    gap_before_final_norm=False,
    init_cfg=dict(
        type='Pretrained',
        checkpoint=openmmlab + 'tinyvit/tinyvit-5m_3rdparty_in1k_20221021-62cb5abf.pth',
        prefix='backbone.',
    ),
)
