"""Maps of every kind of raster against an oracle: rasterio, and a network of one known function.

The network takes the brightest of three bands, or the fourth class where none reaches 100; so what
the right label of a pixel is follows from its stored values alone.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.loading import LoadRasterFromFile
from ktda_mmseg.scenes.export.exported_card import ExportedCard, card_path
from ktda_mmseg.scenes.export.exported_predictor import OnnxPredictor
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

rasterio = pytest.importorskip('rasterio')
shutil = pytest.importorskip('rasterio.shutil')
onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytestmark = pytest.mark.filterwarnings('ignore')
HEIGHT, WIDTH, DARK = 37, 45, 100
FILL = (3.0, 250.0, 7.0)
NAN = float('nan')

UTM = dict(crs='EPSG:32633', transform=rasterio.transform.from_origin(5e5, 5e6, 10, 10))
DEGREES = dict(crs='EPSG:4326', transform=rasterio.transform.from_origin(9, 50, 1e-4, 1e-4))
MERCATOR = dict(crs='EPSG:3857', transform=rasterio.transform.from_origin(1e6, 6e6, 2, 2))
TURNED = UTM | dict(transform=UTM['transform'] * rasterio.Affine.rotation(30))
UPWARDS = UTM | dict(transform=rasterio.Affine(10, 0, 5e5, 0, 10, 5e6))
GCPS = [
    rasterio.control.GroundControlPoint(row, col, 5e5 + 10 * col, 5e6 - 10 * row)
    for row, col in ((0, 0), (0, 45), (37, 0), (37, 45))
]
LOCAL = UTM | dict(crs='LOCAL_CS["site",UNIT["metre",1]]')

# name: driver, type, bands, place, and what else is written
RASTERS = {
    # types
    'uint8': ('GTiff', 'uint8', 3, UTM, {}),
    'int8': ('GTiff', 'int8', 3, UTM, {}),
    'uint16': ('GTiff', 'uint16', 3, UTM, {}),
    'int16': ('GTiff', 'int16', 3, UTM, {}),
    'uint32': ('GTiff', 'uint32', 3, UTM, {}),
    'int32': ('GTiff', 'int32', 3, UTM, {}),
    'int64': ('GTiff', 'int64', 3, UTM, {}),
    'float32': ('GTiff', 'float32', 5, UTM, {}),
    'float64': ('GTiff', 'float64', 3, UTM, {}),
    '12 bits': ('GTiff', 'uint16', 3, UTM, dict(nbits=12)),
    # nodata values
    'nodata 0': ('GTiff', 'uint8', 3, UTM, dict(nodata=0)),
    'nodata 0 of 4 bands': ('GTiff', 'uint8', 4, UTM, dict(nodata=0)),
    'nodata 0 of 16 bits': ('GTiff', 'uint16', 3, UTM, dict(nodata=0)),
    'nodata of 8 bands': ('GTiff', 'uint16', 8, UTM, dict(nodata=65535)),
    'nodata below 0': ('GTiff', 'int16', 3, UTM, dict(nodata=-9999)),
    'nodata no float32': ('GTiff', 'float32', 3, UTM, dict(nodata=-99.9)),
    'nodata at the end': ('GTiff', 'float32', 3, UTM, dict(nodata=-3.4028234663852886e38)),
    'nodata NaN': ('GTiff', 'float32', 3, UTM, dict(nodata=NAN)),
    'NaN unsaid': ('GTiff', 'float32', 3, UTM, dict(holes=NAN)),
    'infinity': ('GTiff', 'float64', 3, UTM, dict(holes=np.inf)),
    'NaN beside nodata': ('GTiff', 'float32', 3, UTM, dict(nodata=-9999, holes=NAN)),
    'nodata of the set': ('GTiff', 'uint8', 3, UTM, dict(tags={'NODATA_VALUES': '0 0 0'})),
    # masks
    'mask': ('GTiff', 'uint8', 3, UTM, dict(mask='internal')),
    'mask beside': ('GTiff', 'uint16', 3, UTM, dict(mask='beside')),
    'mask and nodata': ('GTiff', 'uint8', 3, UTM, dict(mask='internal', nodata=0)),
    'mask beside and nodata': ('GTiff', 'int16', 3, UTM, dict(mask='beside', nodata=0)),
    'mask and NaN': ('GTiff', 'float32', 3, UTM, dict(mask='internal', holes=NAN)),
    'jpeg with mask and nodata': (
        'GTiff', 'uint8', 3, UTM,
        dict(mask='internal', nodata=0, compress='jpeg', photometric='ycbcr', tiled=True,
             blockxsize=16, blockysize=16),
    ),
    'alpha': ('GTiff', 'uint8', 4, UTM, dict(photometric='RGB', alpha='YES')),
    'alpha by default': ('GTiff', 'uint8', 4, UTM, {}),
    'alpha of 16 bits': ('GTiff', 'uint16', 4, UTM, dict(photometric='RGB', alpha='YES')),
    'alpha and nodata': ('GTiff', 'uint8', 4, UTM, dict(photometric='RGB', alpha='YES', nodata=0)),
    'grey and alpha': ('GTiff', 'uint8', 2, UTM, dict(alpha='YES')),
    # places
    'degrees': ('GTiff', 'uint8', 3, DEGREES, {}),
    'mercator': ('GTiff', 'uint16', 3, MERCATOR, {}),
    'turned': ('GTiff', 'uint8', 3, TURNED, dict(nodata=0)),
    'upwards': ('GTiff', 'float32', 3, UPWARDS, dict(nodata=-9999)),
    'local': ('GTiff', 'uint8', 3, LOCAL, {}),
    'nowhere': ('GTiff', 'uint8', 3, {}, dict(nodata=0)),
    'transform alone': ('GTiff', 'uint8', 3, dict(transform=UTM['transform']), {}),
    'points': ('GTiff', 'uint8', 3, dict(gcps=GCPS, crs='EPSG:32633'), dict(mask='internal')),
    # ways to store
    'bands apart': ('GTiff', 'uint8', 3, UTM, dict(interleave='band', compress='lzw')),
    'big tiff': ('GTiff', 'int16', 3, UTM, dict(bigtiff='YES', endianness='BIG')),
    'sparse': ('GTiff', 'uint8', 3, UTM, dict(sparse_ok=True, empty=True, nodata=0)),
    # colour tables
    'colours': ('GTiff', 'uint8', 1, UTM, dict(colours=255)),
    'colours and nodata': ('GTiff', 'uint8', 1, UTM, dict(colours=255, nodata=7)),
    'colours of 16 bits': ('GTiff', 'uint16', 1, UTM, dict(colours=255)),
    'colours of gif': ('GIF', 'uint8', 1, {}, dict(colours=255)),
    'colours of bmp': ('BMP', 'uint8', 1, UTM, dict(colours=255)),
    'colours of png': ('PNG', 'uint8', 1, UTM, dict(colours=255)),
    'clear colours of png': ('Pillow', 'uint8', 1, {}, dict(colours=0)),
    'one clear colour of gif': ('Pillow', 'uint8', 1, {}, dict(colours=1)),
    'greys of bmp': ('BMP', 'uint8', 1, UTM, {}),
    # drivers
    'png': ('PNG', 'uint8', 3, UTM, {}),
    'png with alpha': ('PNG', 'uint8', 4, UTM, {}),
    'png of 16 bits': ('PNG', 'uint16', 1, {}, {}),
    'jpeg': ('JPEG', 'uint8', 3, UTM, {}),
    'webp': ('WEBP', 'uint8', 4, {}, dict(lossless='YES')),
    'jp2': ('JP2OpenJPEG', 'uint16', 3, UTM, dict(reversible='YES', quality='100')),
    'jp2 with nodata': ('JP2OpenJPEG', 'uint8', 3, UTM, dict(nodata=0)),
    'cog': ('COG', 'uint8', 3, MERCATOR, dict(nodata=0)),
    'cog with mask': ('COG', 'uint16', 3, UTM, dict(mask='internal')),
    'hfa': ('HFA', 'float32', 4, UTM, dict(nodata=-9999)),
    'envi': ('ENVI', 'int16', 4, UTM, dict(nodata=0)),
    'ers': ('ERS', 'uint16', 3, UTM, {}),
    'ehdr': ('EHdr', 'int16', 1, UTM, dict(nodata=-9999)),
    'saga': ('SAGA', 'float32', 1, UTM, dict(nodata=-9999)),
    'rst': ('RST', 'int16', 1, UTM, {}),
    'ascii grid': ('AAIGrid', 'int32', 1, UTM, dict(nodata=-9999)),
    'netcdf': ('netCDF', 'float32', 1, UTM, dict(nodata=-9999)),
    'geopackage': ('GPKG', 'uint8', 3, MERCATOR, dict(tile_format='PNG')),
    'geopackage with alpha': ('GPKG', 'uint8', 4, MERCATOR, dict(tile_format='PNG')),
    'nitf': ('NITF', 'uint16', 3, {}, {}),
    'mrf': ('MRF', 'uint8', 3, UTM, dict(nodata=0)),
    'vrt': ('VRT', 'uint16', 3, UTM, dict(nodata=0)),
    'vrt with mask': ('VRT', 'uint8', 3, UTM, dict(mask='internal')),
}  # fmt: skip
SUFFIXES = {'GTiff': 'tif', 'COG': 'tif', 'JP2OpenJPEG': 'jp2', 'HFA': 'img', 'SAGA': 'sdat'}
OWN = ('mask', 'holes', 'tags', 'colours', 'empty')  # of the options, not GDAL's


def random_pixels(dtype, bands, options) -> np.ndarray:
    """Values around 100, with pixels of which one band, and all, are empty."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 120 if dtype == 'int8' else 200, (bands, HEIGHT, WIDTH)).astype(dtype)
    if np.dtype(dtype).kind in 'fi' and dtype != 'int8':
        pixels[:, :, 20:22] *= -1
    for value in (options.get('nodata', 0), options.get('holes')):
        if value is not None:
            pixels[0, 3:9] = value
            pixels[-1, 8:12, 5:] = value
            pixels[:, 14:20, 7:30] = value
            pixels[:, -1, -9:] = value
    return pixels


def write(folder: Path, driver, dtype, bands, place, options) -> Path:
    """Write a GeoTIFF, and make of it a raster of another driver."""
    own = {key: options.get(key) for key in OWN}
    profile = {key: value for key, value in options.items() if key not in OWN}
    creation = profile if driver == 'GTiff' else {'nodata': profile.pop('nodata', None)}
    if bands == 4 and driver in ('PNG', 'WEBP', 'GPKG'):
        creation = dict(photometric='RGB', alpha='YES')
    pixels = random_pixels(dtype, bands, options)
    if driver == 'Pillow':
        return write_clear(folder, pixels[0], own['colours'])
    path = folder / 'source.tif'
    shape = dict(count=bands, height=HEIGHT, width=WIDTH, dtype=dtype)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=own['mask'] == 'internal'),
        rasterio.open(path, 'w', driver='GTiff', **shape, **place, **creation) as raster,
    ):
        if own['colours'] is not None:
            table = np.random.default_rng(1).integers(0, 256, (256, 4))
            table[:, 3] = 255
            raster.write_colormap(1, {index: tuple(colour) for index, colour in enumerate(table)})
        if not own['empty']:
            raster.write(pixels)
        raster.update_tags(**own['tags'] or {})
        if own['mask']:
            mask = np.ones((HEIGHT, WIDTH), bool)
            mask[5:25, 10:14] = False
            raster.write_mask(mask)
    if driver == 'GTiff':
        return path
    made = folder / f'made.{SUFFIXES.get(driver, driver.lower())}'
    shutil.copy(path, made, driver=driver, **profile)
    return made


def write_clear(folder: Path, numbers: np.ndarray, colour: int) -> Path:
    """Write a colour table with half and wholly transparent colours; GDAL makes no such files."""
    image = Image.fromarray(numbers, 'P')
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype(np.uint8).tobytes())
    path = folder / f'clear.{"gif" if colour else "png"}'
    image.save(path, transparency=colour or bytes(60 * (i % 5) for i in range(256)))
    return path


def truth(path: Path, shown: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Read values (3, H, W) and validity by rasterio alone; what is no number is the fill."""
    with rasterio.open(path) as raster:
        valid = raster.dataset_mask() > 0
        colours = raster.colorinterp[0].name == 'palette' and raster.colormap(1)
        if colours:
            table = np.array([colours.get(i, (0, 0, 0, 255)) for i in range(256)])
            pixels = np.moveaxis(table[raster.read(1)], -1, 0)
            valid &= pixels[3] > 0
            pixels = pixels[:3]
        else:
            pixels = raster.read(shown)
    lacking = ~np.isfinite(pixels) | (np.abs(pixels.astype(float)) > 1e30)
    stated = [np.float32(-9999)] if pixels.dtype.kind == 'f' and np.isnan(pixels).any() else []
    valid &= ~(lacking | np.isin(pixels, stated)).all(axis=0)
    fill = np.broadcast_to(np.array(FILL)[:, None, None], pixels.shape)
    return np.where(lacking, fill, pixels).astype(np.float32), valid


@pytest.fixture(scope='module')
def predictor(tmp_path_factory) -> OnnxPredictor:
    """The network as ONNX: a convolution of 1x1 and the first largest of its four outputs."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.eye(4, 3, dtype=np.float32)[..., None, None]
    dark = np.array([0, 0, 0, DARK], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node('Conv', ['images', 'weights', 'dark'], ['scores']),
            helper.make_node('ArgMax', ['scores'], ['largest'], axis=1, keepdims=0),
            helper.make_node('Cast', ['largest'], ['labels'], to=TensorProto.UINT8),
        ],
        'brightest',
        [helper.make_tensor_value_info('images', TensorProto.FLOAT, ['n', 3, 'h', 'w'])],
        [helper.make_tensor_value_info('labels', TensorProto.UINT8, ['n', 'h', 'w'])],
        [numpy_helper.from_array(weights, 'weights'), numpy_helper.from_array(dark, 'dark')],
    )
    path = tmp_path_factory.mktemp('model') / 'brightest.onnx'
    opset = [helper.make_opsetid('', 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    ExportedCard(
        classes=('red', 'green', 'blue', 'dark'),
        palette=((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)),
        bands=(1, 2, 3), mean=(0.0,) * 3, std=(1.0,) * 3, fill=FILL, nodata=None, dtype=None,
        window=(24, 24), format='onnx', opset=17, precision='float32', preprocess=True,
        output='labels', size=None, multiple=1, align_corners=False, threshold=None,
        max_difference=0.0, label_agreement=1.0,
    ).write(card_path(path))  # fmt: skip
    return OnnxPredictor(path, threads=1)


def test_the_kinds_are_many():
    assert len(RASTERS) >= 40
    assert len({driver for driver, *_ in RASTERS.values()}) >= 20


@pytest.mark.parametrize('name', RASTERS)
def test_labels_and_validity_are_exact_in_every_pixel(predictor, tmp_path, name):
    driver, dtype, bands, place, options = RASTERS[name]
    with rasterio.Env() as env:
        if driver not in ('Pillow', *env.drivers()):
            pytest.skip(f'GDAL was built without {driver}')
    path = write(tmp_path, driver, dtype, bands, place, options)
    coloured = options.get('colours') is not None
    shown = [1, 2, 3] if bands >= 3 or coloured else [1, 1, 1]
    pixels, valid = truth(path, shown)
    scores = np.stack([*pixels, np.full_like(pixels[0], DARK)])
    expected = np.where(valid, scores.argmax(axis=0), 255)
    if {'nodata', 'mask', 'alpha', 'holes', 'tags'} & set(options):
        assert not valid.all()
    assert options.get('empty') or len(np.unique(expected[valid])) > 1

    (result,) = SceneInferencer(predictor, bands=shown)([path], tmp_path / 'out')
    assert result.error is None
    with rasterio.open(result.files['map']) as raster:
        np.testing.assert_array_equal(raster.read(1), expected)
        np.testing.assert_array_equal(raster.dataset_mask() > 0, valid)
    sample = LoadRasterFromFile(bands=shown, fill=FILL).transform(dict(img_path=str(path)))
    np.testing.assert_array_equal(sample['nodata_mask'], ~valid)
    np.testing.assert_array_equal(sample['img'][valid], np.moveaxis(pixels, 0, -1)[valid])
