"""STAC items of maps, read back by pystac, say what was made, of what, where and when."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ktda_mmseg.scenes.map.polygons import Outlines
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.sources import find_dated, find_scenes
from ktda_mmseg.scenes.map.stac import Origin, classes_of
from ktda_mmseg.scenes.map.strips import Layers
from ktda_mmseg.version import __version__

rasterio = pytest.importorskip('rasterio')
pystac = pytest.importorskip('pystac')
Classification = pytest.importorskip('pystac.extensions.classification').Classification
UTM = rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)
TIME = {'datetime': '2024-05-31T10:20:30Z'}
SPAN = {
    'datetime': None,
    'start_datetime': '2024-05-31T00:00:00Z',
    'end_datetime': '2024-05-31T23:59:59Z',
}


@pytest.fixture
def mapped(brightest, tmp_path):
    """Return a function that maps a scene with an item, and returns that as pystac reads it."""

    def mapped(path, time=TIME, model=None, **products):
        products = Products(**products, stac=Origin({path.stem: time}, model))
        (result,) = SceneInferencer(brightest, products=products)([path], tmp_path / 'out')
        assert result.error is None
        file = result.files['stac']
        return pystac.Item.from_dict(json.loads(file.read_text()), href=str(file))

    return mapped


def test_all_products_and_what_is_in_them(mapped, scene):
    path, labels = scene()
    item = mapped(path, layers=Layers(True, 'uint16'), polygons=Outlines(), quicklook=True)
    assert item.id == 'scene' and f'{item.datetime:%FT%TZ}' == TIME['datetime']
    folder = path.parent / 'out'
    hrefs = {asset.get_absolute_href() for asset in item.assets.values()}
    files = {str(one) for one in folder.iterdir() if one.suffix != '.xml'}
    assert hrefs == files - {str(folder / 'scene.stac.json')}
    assert all(asset.href.startswith('./') for asset in item.assets.values())
    assert [key for key, one in item.assets.items() if 'data' in one.roles] == ['map']
    assert item.assets['map'].media_type == pystac.MediaType.COG
    assert item.assets['polygons'].media_type == pystac.MediaType.GEOPACKAGE
    for key in ('map', 'confidence', 'probabilities'):
        with rasterio.open(item.assets[key].get_absolute_href()) as raster:
            grid = item.assets[key].ext.proj
            assert (grid.code, tuple(grid.shape)) == ('EPSG:32633', raster.shape)
            assert grid.transform == list(raster.transform)[:6]
    *classes, nodata = item.assets['map'].ext.classification.classes
    told = [(one.value, one.name, one.title, one.color_hint) for one in classes]
    assert told == [(0, 'dark', 'dark', '000000'), (1, 'bright', 'bright', 'FFFFFF')]
    assert nodata.value == 255 and nodata.nodata
    assert [one.count for one in (*classes, nodata)] == [(labels == n).sum() for n in (0, 1, 255)]
    assert item.properties['processing:software'] == {'ktda-mmseg': __version__}
    assert 'scene.tif' in item.properties['processing:lineage']
    assert [link.rel for link in item.links] == ['self']  # of where it was read


def test_names_of_classes_are_such_as_machines_take(card):
    names = ('dense cloud', 'grün/blau', '雲', 'snow-ice_1')
    card = replace(card, classes=names, palette=((1, 2, 3), (171, 205, 239), (0, 0, 0), (255,) * 3))
    classes = [Classification(one) for one in classes_of(card)]
    assert [one.name for one in classes] == ['dense_cloud', 'gr_n_blau', 'class_2', 'snow-ice_1']
    assert [one.title for one in classes] == list(names)
    assert [one.color_hint for one in classes] == ['010203', 'ABCDEF', '000000', 'FFFFFF']


ODD = 'grün+1#2 %25'
PLACES = {
    'utm': {},
    'none': dict(crs=None, transform=rasterio.Affine.identity()),
    'of no code': dict(crs='+proj=laea +lat_0=45 +lon_0=15 +R=6371000'),
}


def placed(tmp_path, crs='EPSG:32633', transform=UTM):
    """Write a scene with an odd name at a place."""
    path = tmp_path / f'{ODD}.tif'
    shape = dict(count=2, height=20, width=30, dtype='uint8')
    with rasterio.open(path, 'w', crs=crs, transform=transform, **shape) as raster:
        raster.write(np.random.default_rng(0).integers(1, 255, (2, 20, 30), np.uint8))
    return path


@pytest.mark.parametrize('place', PLACES.values(), ids=PLACES)
@pytest.mark.parametrize('time', [TIME, SPAN], ids=['moment', 'span'])
def test_the_core_is_valid(mapped, tmp_path, place, time):
    pytest.importorskip('jsonschema')
    from pystac.validation import validate_dict

    item = mapped(placed(tmp_path, **place), time)
    # by the schemas that pystac brings: those of extensions are on the net
    validate_dict(item.to_dict(), extensions=[])
    assert {key: item.properties.get(key) for key in time} == time


def test_a_scene_of_no_place(mapped, tmp_path):
    item = mapped(placed(tmp_path, **PLACES['none']))
    assert item.geometry is None and item.bbox is None
    grid = item.assets['map'].ext.proj
    assert grid.code is None and grid.transform is None and grid.shape == [20, 30]


def test_a_crs_that_has_no_code(mapped, tmp_path):
    path = placed(tmp_path, **PLACES['of no code'])
    item = mapped(path)
    grid = item.assets['map'].ext.proj
    with rasterio.open(path) as raster:
        assert grid.code is None and rasterio.crs.CRS.from_wkt(grid.wkt2) == raster.crs
    assert item.bbox[0] > 15  # its own origin is at 15 degrees


def test_the_item_of_a_map_leads_to_it(mapped, tmp_path):
    """As any item does that names one asset with the role 'data', whatever its name."""
    item = mapped(placed(tmp_path))
    assert item.self_href == f'{tmp_path}/out/{ODD}.stac.json'
    (found,) = find_scenes([item.self_href]).values()
    assert found.samefile(tmp_path / 'out' / f'{ODD}.tif')


def test_the_model_is_linked(mapped, tmp_path):
    model = tmp_path / 'models' / 'my net.onnx.stac.json'
    model.parent.mkdir()
    model.touch()
    path = placed(tmp_path)
    item = mapped(path, model=model)
    (link,) = item.get_links('derived_from')
    assert link.extra_fields['mlm:name'] == 'my net.onnx'
    assert link.target == '../models/my%20net.onnx.stac.json'
    assert item.properties['processing:expression'] == dict(
        format='stac-mlm', expression=link.target
    )


def test_times_are_given_or_those_of_items(tmp_path, brightest, scene):
    scene(name='a.tif'), scene(name='b.tif', seed=1)
    content = dict(
        type='Feature', stac_version='1.0.0', id='one', geometry=None, properties=SPAN, links=[],
        assets=dict(image=dict(href='a.tif', roles=['data'])),
    )  # fmt: skip
    (tmp_path / 'item.json').write_text(json.dumps(content))
    scenes = find_dated([tmp_path / 'item.json', tmp_path / 'b.tif'])
    origin = Origin.of(scenes, '2024-06-01T12:00', tmp_path / 'net.onnx')
    assert origin == ({name: {'datetime': '2024-06-01T12:00:00Z'} for name in ('one', 'b')}, None)
    (tmp_path / 'net.onnx.stac.json').touch()
    origin = Origin.of(scenes, '', tmp_path / 'net.onnx')
    assert origin.model == tmp_path / 'net.onnx.stac.json'
    run = SceneInferencer(brightest, products=Products(stac=origin))
    one, b = run({name: scene.path for name, scene in scenes.items()}, tmp_path / 'out')
    item = pystac.Item.from_file(one.files['stac'])
    assert {key: item.properties[key] for key in SPAN} == SPAN
    assert b.error == f'{tmp_path}/b.tif: expected a STAC item with its time, found none; give ' \
        '--stac a time'  # fmt: skip


def test_an_item_without_a_time_is_no_item(tmp_path):
    (tmp_path / 'a.tif').touch()
    content = dict(type='Feature', stac_version='1.0.0', id='x', geometry=None, properties={},
                   links=[], assets=dict(image=dict(href='a.tif', roles=['data'])))  # fmt: skip
    (tmp_path / 'item.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'item\.json: expected a STAC item.*datetime'):
        find_dated([tmp_path / 'item.json'])


def test_another_time_is_another_item_and_a_foreign_one_stays(mapped, scene, brightest, tmp_path):
    path, _ = scene()
    first = mapped(path)
    calls = brightest.calls
    assert mapped(path).datetime == first.datetime and brightest.calls == calls, 'it is kept'
    assert mapped(path, SPAN).datetime is None
    SceneInferencer(brightest)([path], tmp_path / 'out')
    assert not (tmp_path / 'out' / 'scene.stac.json').exists(), 'what is not asked for goes'
    (tmp_path / 'out' / 'scene.stac.json').write_text('{}')
    products = Products(stac=Origin({'scene': TIME}))
    (result,) = SceneInferencer(brightest, products=products)([path], tmp_path / 'out')
    assert 'scene.stac.json: expected a free name' in result.error
    assert (tmp_path / 'out' / 'scene.stac.json').read_text() == '{}'
