"""Class names and colours beside a map, as GDAL itself and the rules of QGIS's reader take them."""

import ctypes
from ctypes import c_char_p, c_int, c_void_p
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ktda_mmseg.scenes.map import geotiff
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.geotiff import write_map
from ktda_mmseg.scenes.map.legend import write_style
from ktda_mmseg.scenes.map.reading import SceneProfile

rasterio = pytest.importorskip('rasterio')

PLACE = rasterio.Affine(0.11, 0, -8, 0, -0.11, 20)
# of which GeoTIFF has no keys, so that GDAL has notes of its own
POLE = '+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +lon_0=18'


@pytest.fixture
def card():
    colours = ((0, 0, 0), (255, 128, 1), (9, 200, 30))
    names = ('clear', 'thin <cloud> & "haze"', 'Wälder')
    fill = (0.0,)
    return ModelCard(names, colours, (1,), fill, (1.0,), fill, None, None, (64, 64))


@pytest.fixture(params=['EPSG:32632', POLE], ids=['UTM', 'rotated pole'])
def written(card, tmp_path, request):
    labels = np.random.default_rng(0).integers(0, 3, (70, 90)).astype(np.uint8)
    crs = rasterio.crs.CRS.from_user_input(request.param)
    profile = SceneProfile(Path('scene.tif'), 70, 90, crs, PLACE)
    write_map(profile, card, lambda: [labels], tmp_path / 'map.tif')
    return tmp_path / 'map.tif'


@pytest.fixture(scope='module')
def gdal():
    """The library that rasterio brings: its own interface has no attribute tables."""
    folder = Path(rasterio.__file__).parent
    (path,) = folder.with_name('rasterio.libs').glob('libgdal*.so*') or [None]
    if path is None:
        pytest.skip('rasterio was not installed as a wheel with its own GDAL')
    library = ctypes.CDLL(str(path))
    for name, result, arguments in (
        ('GDALOpen', c_void_p, [c_char_p, c_int]),
        ('GDALClose', c_int, [c_void_p]),
        ('GDALGetRasterBand', c_void_p, [c_void_p, c_int]),
        ('GDALGetDefaultRAT', c_void_p, [c_void_p]),
        ('GDALRATGetRowCount', c_int, [c_void_p]),
        ('GDALRATGetColumnCount', c_int, [c_void_p]),
        ('GDALRATGetTableType', c_int, [c_void_p]),
        ('GDALRATGetColOfUsage', c_int, [c_void_p, c_int]),
        ('GDALRATGetTypeOfCol', c_int, [c_void_p, c_int]),
        ('GDALRATGetValueAsString', c_char_p, [c_void_p, c_int, c_int]),
        ('GDALRATGetValueAsInt', c_int, [c_void_p, c_int, c_int]),
    ):
        getattr(library, name).restype = result
        getattr(library, name).argtypes = arguments
    library.GDALAllRegister()
    return library


def test_gdal_reads_the_attribute_table(gdal, written, card):
    raster = gdal.GDALOpen(str(written).encode(), 0)
    table = gdal.GDALGetDefaultRAT(gdal.GDALGetRasterBand(raster, 1))
    assert table is not None
    # enumerations of gdal.h: GRTT_THEMATIC; GFU_Name, MinMax, Red, Green, Blue; GFT_String is 2
    assert gdal.GDALRATGetTableType(table) == 0
    name, value, *colours = (gdal.GDALRATGetColOfUsage(table, usage) for usage in (2, 5, 6, 7, 8))
    assert sorted((name, value, *colours)) == list(range(gdal.GDALRATGetColumnCount(table)))
    assert gdal.GDALRATGetTypeOfCol(table, name) == 2
    assert {gdal.GDALRATGetTypeOfCol(table, column) for column in (value, *colours)} == {0}
    rows = [
        (
            gdal.GDALRATGetValueAsInt(table, row, value),
            gdal.GDALRATGetValueAsString(table, row, name).decode(),
            tuple(gdal.GDALRATGetValueAsInt(table, row, column) for column in colours),
        )
        for row in range(gdal.GDALRATGetRowCount(table))
    ]
    gdal.GDALClose(raster)
    assert rows == [*zip(range(3), card.classes, card.palette, strict=True)]


def test_place_and_categories_are_there_beside_the_table(written, card):
    with rasterio.open(written) as raster:
        assert raster.transform == PLACE and raster.crs is not None
    rasterio.shutil.copy(written, written.with_name('map.vrt'), driver='VRT')
    found = ElementTree.parse(written.with_name('map.vrt')).iter('Category')
    assert tuple(one.text for one in found) == card.classes


def test_the_map_has_the_same_bytes_without_a_legend(written, card, monkeypatch, tmp_path):
    with rasterio.open(written) as raster:
        labels = raster.read(1)
        profile = SceneProfile(Path('scene.tif'), 70, 90, raster.crs, PLACE)
    monkeypatch.setattr(geotiff, 'gdal_legend', lambda card: [])
    write_map(profile, card, lambda: [labels], tmp_path / 'other' / 'map.tif')
    assert (tmp_path / 'other' / 'map.tif').read_bytes() == written.read_bytes()


def test_qgis_finds_what_its_renderer_looks_for(card, tmp_path):
    """By the rules of QgsRasterLayer::readSymbology and QgsPalettedRasterRenderer::create."""
    write_style(card, tmp_path / 'map.qml')
    root = ElementTree.parse(tmp_path / 'map.qml').getroot()
    assert root.tag == 'qgis' and root.get('version')
    renderer = root.find('pipe').find('rasterrenderer')
    assert renderer.get('type') == 'paletted' and int(renderer.get('band')) == 1
    classes = [
        (
            float(entry.get('value')),
            entry.get('label'),
            tuple(bytes.fromhex(entry.get('color').removeprefix('#'))),
            int(entry.get('alpha')),
        )
        for entry in renderer.find('colorPalette').iter('paletteEntry')
    ]
    expected = zip(range(3), card.classes, card.palette, [255] * 3, strict=True)
    assert classes == list(expected)
    assert [path.name for path in tmp_path.iterdir()] == ['map.qml']
