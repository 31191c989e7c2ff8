"""Overlaps on the ground are those that geopandas finds."""

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.reading import Footprint, read_footprint
from ktda_mmseg.scenes.check.pairs import Pair, read_sources
from ktda_mmseg.scenes.check.running import find_overlaps
from ktda_mmseg.scenes.check.scan import Facts

from .conftest import SIZE, DataSet

rasterio = pytest.importorskip('rasterio')
shapely = pytest.importorskip('shapely')
UTM = 'EPSG:32633'
SITE, YARD = (f'LOCAL_CS["{name}",UNIT["metre",1]]' for name in ('site', 'yard'))
pytestmark = [
    pytest.mark.filterwarnings('ignore:Dataset has no geotransform'),
    pytest.mark.filterwarnings('ignore:Use `@` matmul:PendingDeprecationWarning'),
]


def placed(rgb: DataSet, split: str, name: str, corners: np.ndarray, crs: str = UTM) -> Facts:
    source = read_sources(rgb.config())[0]._replace(split=split)
    footprint = Footprint(crs, tuple(map(tuple, corners)))
    return Facts(Pair(source, rgb.image(split, name), None), footprint=footprint)


def square(x: float, y: float, side: float, angle: float = 0.0) -> np.ndarray:
    corners = np.array([(0, side), (side, side), (side, 0), (0, 0)], float)
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    return corners @ turn + (x, y)


def test_pairs_and_shares_are_those_of_geopandas(rgb):
    geopandas = pytest.importorskip('geopandas')
    rng = np.random.default_rng(0)
    facts, shapes = [], []
    for index in range(45):
        corners = square(*rng.uniform(0, 5000, 2), rng.uniform(500, 900), rng.uniform(0, 1))
        facts.append(placed(rgb, ('train', 'val', 'test')[index % 3], f'{index}', corners))
        shapes.append(shapely.Polygon(corners))
    frame = geopandas.GeoDataFrame({'split': [f.pair.source.split for f in facts]}, geometry=shapes)
    both = geopandas.overlay(frame.reset_index(), frame.reset_index(), how='intersection')
    both = both[(both.index_1 < both.index_2) & (both.split_1 != both.split_2)]
    smaller = np.minimum(frame.area.to_numpy()[both.index_1], frame.area.to_numpy()[both.index_2])
    both, smaller = both[both.area / smaller >= 1e-3], smaller[both.area / smaller >= 1e-3]
    expected = {
        (facts[i].pair.image, facts[j].pair.image) for i, j in zip(both.index_1, both.index_2)
    }
    faults = find_overlaps(facts)
    found = {(other, fault.files[0]) for fault in faults for other in fault.files[1:]}
    assert found == expected and len(expected) > 10
    for fault in faults:
        last = facts[[fact.pair.image for fact in facts].index(fault.files[0])].pair.image
        shares = (both.area / smaller)[[facts[j].pair.image == last for j in both.index_2]]
        assert f'found {shares.max():.1%} overlap with' in fault.message


@pytest.mark.parametrize('gap', [0.0, 1e-6, 10.0])
def test_neighbours_that_touch_do_not_overlap(rgb, gap):
    tiles = [square(0, 0, 2560), square(2560 + gap, 0, 2560), square(0, -2560 - gap, 2560)]
    splits = ('train', 'val', 'test')
    assert not find_overlaps([placed(rgb, s, s, tile) for s, tile in zip(splits, tiles)])


def test_one_shared_row_of_pixels_is_found_and_one_split_is_free_to_overlap(rgb):
    tiles = [square(0, 0, 2560), square(0, 2550, 2560)]
    assert not find_overlaps([placed(rgb, 'train', 'x', tile) for tile in tiles])
    (fault,) = find_overlaps(
        [placed(rgb, split, 'x', tile) for split, tile in zip(('train', 'val'), tiles)]
    )
    assert '0.4% overlap' in fault.message


@pytest.mark.parametrize(('shift', 'overlaps'), [(0, True), (2400, True), (2700, False)])
def test_reference_systems_are_brought_together(rgb, shift, overlaps):
    """A tile of the next UTM zone and one in degrees, over and beside a tile."""
    from rasterio.warp import transform

    here = square(700000, 5000000, 2560)
    for other in ('EPSG:32634', 'EPSG:4326'):
        there = np.column_stack(transform(UTM, other, *(here + np.array((shift, 0))).T))
        facts = [placed(rgb, 'train', 'x', here), placed(rgb, 'test', 'y', there, other)]
        assert bool(find_overlaps(facts)) == overlaps


def test_a_reference_beside_a_png_is_read(rgb, tmp_path):
    tile = rgb.rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    place = dict(crs=UTM, transform=rasterio.transform.from_origin(500000, 5000000, 10, 10))
    path = rgb.image('train', 'a')
    shape = dict(width=SIZE, height=SIZE, count=3, dtype='uint8')
    with rasterio.open(path, 'w', driver='PNG', **shape, **place) as raster:
        raster.write(tile.transpose(2, 0, 1))
    with rasterio.open(path) as raster:
        assert read_footprint(path).crs == UTM == raster.crs
        outline = shapely.Polygon(read_footprint(path).corners)
        assert outline.equals(shapely.box(*raster.bounds))
    other = rgb.image('val', 'd')
    Image.fromarray(rgb.rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)).save(other)
    shutil.copy(f'{path}.aux.xml', f'{other}.aux.xml')
    (fault,) = rgb.faults()
    assert '100.0% overlap' in fault.message


@pytest.mark.parametrize('missing', [('rasterio', 'shapely'), ('shapely',)])
def test_8_bit_images_are_checked_without_extras(rgb, monkeypatch, missing):
    place = dict(crs=UTM, transform=rasterio.transform.from_origin(500000, 5000000, 10, 10))
    for split, name in (('train', 'a'), ('val', 'd')):
        with rasterio.open(rgb.image(split, name), 'r+') as raster:
            raster.crs, raster.transform = place['crs'], place['transform']
        assert rgb.image(split, name).with_suffix('.png.aux.xml').exists()
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    (fault,) = rgb.faults()
    assert fault.severity == 'remark'
    assert fault.message.startswith(f'overlap on the ground needs {missing[0]}: pip install')
    for split, name in (('train', 'a'), ('val', 'd')):
        rgb.image(split, name).with_suffix('.png.aux.xml').unlink()
    assert rgb.faults() == []


@pytest.mark.parametrize(
    ('systems', 'count'),
    [((UTM, None), 1), ((None, None), 1), ((UTM, SITE), 0), ((SITE, SITE), 1), ((SITE, YARD), 0)],
)
def test_systems_without_relation_do_not_overlap(rgb, systems, count):
    """One square in two splits; a system that is not stated is that of the other."""
    facts = [
        placed(rgb, split, split, square(0, 0, 500), crs)
        for split, crs in zip(('train', 'val'), systems, strict=True)
    ]
    assert len(find_overlaps(facts)) == count
