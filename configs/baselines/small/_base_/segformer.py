# SegFormer-B0 of three quarters the width.
_base_ = './crops.py'
model = dict(
    backbone=dict(
        type='MixVisionTransformer',
        embed_dims=24,
        num_layers=[2, 2, 2, 2],
        num_heads=[1, 2, 5, 8],
        qkv_bias=True,
        drop_path_rate=0.1,
    ),
    decode_head=dict(
        type='SegformerHead',
        in_channels=[24, 48, 120, 192],
        in_index=[0, 1, 2, 3],
        channels=128,
        norm_cfg=_base_.norm_cfg,
    ),
)
