# The decoder is 768 wide, as the paper's from B2 upwards.
_base_ = '../encoder_decoder.py'
openmmlab = 'https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/segformer/'
model = dict(
    backbone=dict(
        type='MixVisionTransformer',
        embed_dims=64,
        num_layers=[3, 6, 40, 3],
        num_heads=[1, 2, 5, 8],
        qkv_bias=True,
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=openmmlab + 'mit_b5_20220624-658746d9.pth'),
    ),
    decode_head=dict(
        type='SegformerHead',
        in_channels=[64, 128, 320, 512],
        in_index=[0, 1, 2, 3],
        channels=768,
        norm_cfg=_base_.norm_cfg,
    ),
)
