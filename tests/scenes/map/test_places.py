"""However a scene states its place, its map says the same, and areas are numbers."""

import json

import numpy as np
import pytest

from ktda_mmseg.scenes.map.polygons import Outlines
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

pytestmark = pytest.mark.filterwarnings(
    'ignore:Dataset has no geotransform', 'ignore:The given matrix is', "ignore:'crs' was not"
)
rasterio = pytest.importorskip('rasterio')
from rasterio.control import GroundControlPoint  # noqa: E402
from rasterio.rpc import RPC  # noqa: E402
from rasterio.shutil import copy  # noqa: E402

BANDS = np.random.default_rng(0).permutation(2 * 40 * 30).reshape(2, 40, 30).astype(np.uint16)
IDENTITY, DEGREES = rasterio.Affine.identity(), rasterio.Affine(4, 0, -60, 0, -4.5, 90)
UTM = rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)
LINEAR = [1, *[0] * 19]
COEFFICIENTS = RPC(
    height_off=12.5, height_scale=1, lat_off=50, lat_scale=1, long_off=10, long_scale=1,
    line_off=20, line_scale=20, samp_off=15, samp_scale=15, line_den_coeff=LINEAR,
    samp_den_coeff=LINEAR, line_num_coeff=[0, 0, 1, *[0] * 17], samp_num_coeff=[0, 1, *[0] * 18],
)  # fmt: skip


def strict(path):
    """Read JSON as a parser does that knows no NaN."""

    def refuse(word):
        raise ValueError(f'{path}: {word} is no JSON')

    return json.loads(path.read_text(), parse_constant=refuse)


@pytest.fixture
def mapped(brightest, tmp_path):
    """Return a function that maps a scene with all products and checks its labels."""

    def mapped(path):
        products = Products(Layers(confidence=True), Outlines(simplify=0))
        (result,) = SceneInferencer(brightest, products=products)([path], tmp_path / 'out')
        assert result.error is None
        with rasterio.open(result.files['map']) as raster:
            np.testing.assert_array_equal(raster.read(1), BANDS.argmax(0))
        return result.files

    return mapped


@pytest.mark.parametrize(
    ('crs', 'transform', 'unit', 'note'),
    [
        ('EPSG:4326', IDENTITY, 'pixel', 'a CRS but no transform'),
        ('EPSG:32633', IDENTITY, 'pixel', 'a CRS but no transform'),
        ('EPSG:4258', UTM, 'pixel', 'degrees but its transform has not'),
        ('EPSG:4326', DEGREES, 'square metre', None),
        ('EPSG:32633', UTM, 'square metre', None),
        (None, UTM, 'pixel', None),
    ],
)
def test_areas_are_numbers_whatever_the_place(mapped, write, capfd, crs, transform, unit, note):
    geopandas = pytest.importorskip('geopandas')
    path = write(BANDS, photometric='minisblack')
    with rasterio.open(path, 'w', **dict(driver='GTiff', height=40, width=30, count=2),
                       dtype='uint16', crs=crs, transform=transform) as raster:  # fmt: skip
        raster.write(BANDS)
    files = mapped(path)
    summary = strict(files['summary'])
    assert summary['area_unit'] == unit
    areas = [entry['area'] for entry in summary['classes']]
    pixels = [entry['pixels'] for entry in summary['classes']]
    assert min(areas) > 0 and sum(entry['share'] for entry in summary['classes']) == 1
    if unit == 'pixel':
        assert areas == pixels
    printed = capfd.readouterr().err
    assert printed.count('note: ') == len(summary['notes']) == (note is not None)
    assert note is None or (note in printed and note in summary['notes'][0])
    outlines = geopandas.read_file(files['polygons'])
    assert outlines['area'].sum() == pytest.approx(sum(areas), rel=1e-5)
    # pixels are not given for degrees
    assert (outlines.crs is None) == (crs is None or transform == IDENTITY)


@pytest.mark.parametrize(
    'options', [{}, dict(RPB='YES', PROFILE='BASELINE')], ids=['tag', 'beside']
)
def test_rpcs_are_carried_over(mapped, tmp_path, options):
    path = tmp_path / 'scene.tif'
    profile = dict(driver='GTiff', height=40, width=30, count=2, dtype='uint16')
    with rasterio.open(path, 'w', **profile, **options) as raster:
        raster.write(BANDS)
        raster.rpcs = COEFFICIENTS
    assert (tmp_path / 'scene.RPB').exists() == bool(options)
    files = mapped(path)
    for kind in ('map', 'confidence'):
        with rasterio.open(files[kind]) as raster:
            found = raster.rpcs.to_dict()
        for name, value in COEFFICIENTS.to_dict().items():
            assert name.startswith('err_') or found[name] == value, (kind, name)


def test_ground_control_points_are_carried_over(mapped, tmp_path):
    points = [GroundControlPoint(r, c, 9 + c / 9, 50 - r / 9) for r in (0, 40) for c in (0, 30)]
    profile = dict(driver='GTiff', height=40, width=30, count=2, dtype='uint16')
    with rasterio.open(tmp_path / 'scene.tif', 'w', **profile) as raster:
        raster.write(BANDS)
        raster.gcps = (points, rasterio.crs.CRS.from_epsg(4326))
    with rasterio.open(mapped(tmp_path / 'scene.tif')['map']) as raster:
        found, crs = raster.gcps
        assert crs.to_epsg() == 4326
        assert [(p.row, p.col, p.x, p.y) for p in found] == [
            (p.row, p.col, p.x, p.y) for p in points
        ]


def test_geolocation_arrays_are_said_to_be_lost(mapped, write, tmp_path, capfd):
    copy(write(BANDS, 'swath.tif'), tmp_path / 'scene.vrt', driver='VRT')
    text = (tmp_path / 'scene.vrt').read_text()
    arrays = ''.join(f'<MDI key="{axis}_DATASET">{axis}.tif</MDI>' for axis in 'XY')
    head, tail = text.split('>', 1)
    (tmp_path / 'scene.vrt').write_text(
        f'{head}><Metadata domain="GEOLOCATION">{arrays}</Metadata>{tail}'
    )
    files = mapped(tmp_path / 'scene.vrt')
    assert 'geolocation arrays are not carried over' in capfd.readouterr().err
    assert any('geolocation' in note for note in strict(files['summary'])['notes'])
