# The encoder of ukis-csmask's U-Net (DLR, Apache-2.0), which learned clouds and their shadows from
# top-of-atmosphere reflectance of Landsat 8 and Sentinel-2. docs/data.md says how to get the file.
csmask_widths = [32, 56, 160, 448]  # of strides 4, 8, 16 and 32
csmask = dict(
    type='TimmBackbone',
    model_name='tf_efficientnet_b4',
    in_chans=6,
    padding_size=380,
    # blue, green, red, NIR, SWIR1, SWIR2, in reflectance
    input_mean=[0.275523, 0.255664, 0.269802, 0.334312, 0.208513, 0.158265],
    input_std=[0.244880, 0.227575, 0.253715, 0.232138, 0.148739, 0.126042],
    # where they lie in images that `prepare_dataset.py l8_biome --bands all` made
    bands=[2, 1, 0, 3, 4, 5],
    init_cfg=dict(type='Pretrained', checkpoint='pretrained/csmask.pth', prefix='backbone'),
)
