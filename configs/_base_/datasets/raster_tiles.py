# What data sets of multi-band GeoTIFF tiles share: loaders and scores of rgb_tiles.py, reading by
# rasterio, empty pixels ignored, and augmentation that needs no colours. As it stands, all bands
# are taken as they are stored; l8_biome_sample_8band.py shows how a data set states more.
_base_ = './rgb_tiles.py'
crop_size = (256, 256)
loading = dict(type='LoadRasterFromFile')
labels = [
    dict(type='LoadAnnotations'),
    dict(type='CheckSample', bands=None),
    dict(type='IgnoreNodata'),
]
train_pipeline = [
    dict(type='SeedSample'),
    loading,
    *labels,
    dict(type='RandomCrop', crop_size=crop_size),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomRotate90'),
    dict(type='BandJitter', gain=0.1),
    dict(type='PackSegInputs'),
]
test_pipeline = [loading, *labels, dict(type='PackSegInputs')]
sizes, flips, *_, packing = _base_.tta_pipeline[1]['transforms']
views = [sizes, flips, *[[step] for step in labels], packing]
tta_pipeline = [loading, dict(type='TestTimeAug', transforms=views)]
train_dataloader = dict(dataset=dict(img_suffix='.tif', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(img_suffix='.tif', pipeline=test_pipeline))
test_dataloader = val_dataloader
