"""Which features of vector files become labels, and what is said of the others."""

import json

import numpy as np
import pytest

from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.label_file import read_label_map
from ktda_mmseg.scenes.prepare.scenes import read_scenes
from ktda_mmseg.scenes.prepare.vector_labels import VectorLabels

rasterio = pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
shapely = pytest.importorskip('shapely')
SIDE = 100
WEST, NORTH = 600_000, 5_200_000
SYSTEM = 'EPSG:32633'
CLASSES = 'classes: {wet: {labels: [sea, 1]}, dry: {labels: [wood, 2]}}\n'
LOCAL = 'LOCAL_CS["plant grid",UNIT["metre",1]]'


def area(left, top, right, bottom):
    return shapely.box(WEST + left, NORTH - bottom, WEST + right, NORTH - top)


LEFT, RIGHT = area(0, 0, 40, 100), area(40, 0, 100, 100)


def store(path, shapes, values, crs=SYSTEM, **options):
    geopandas.GeoDataFrame({'use': values}, geometry=shapes, crs=crs).to_file(path, **options)
    return path


def collection(path, *features):
    features = [
        dict(type='Feature', properties=dict(use=use), geometry=shape and json.loads(shape))
        for use, shape in features
    ]
    path.write_text(json.dumps(dict(type='FeatureCollection', features=features)))
    return path


@pytest.fixture
def labels(tmp_path, write):
    """A function that gives the mask of the one image, 1 m pixels, and the notes."""

    def labels(*paths, classes=CLASSES, crs=SYSTEM, **options):
        transform = rasterio.transform.from_origin(WEST, NORTH, 1, 1)
        pixels = np.ones((3, SIDE, SIDE), np.uint8)
        image = write(tmp_path / 'a.tif', pixels, crs=crs, transform=transform)
        (tmp_path / 'classes.yaml').write_text(classes)
        scenes = read_scenes({'a': image}, None)
        label_map = read_label_map(tmp_path / 'classes.yaml')
        source = VectorLabels(paths, 'use', scenes, label_map, **options)
        with source.on(scenes[0]) as mask_of:
            return mask_of(Window(0, 0, SIDE, SIDE)), ' '.join(source.notes())

    return labels


def test_text_and_numbers_are_the_same_label(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT, RIGHT], ['1.0', 'Wood '])
    mask, notes = labels(path, classes=f'{CLASSES}unlabelled: ignore')
    assert (mask[:, :40] == 0).all() and (mask[:, 40:] == 1).all() and not notes


def test_values_that_fell_to_unlabelled_are_said(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT, RIGHT, RIGHT], ['sea', 'forst', None])
    mask, notes = labels(path, classes=f'{CLASSES}unlabelled: dry')
    assert (mask[:, 40:] == 1).all()
    assert '66.7% of 3 polygons' in notes and "'forst' in 1, 'null' in 1" in notes


@pytest.mark.parametrize('value', [['sea'], {'name': 'sea'}])
def test_nested_values_are_one_sentence(labels, tmp_path, value):
    path = collection(tmp_path / 'p.geojson', (value, shapely.to_geojson(LEFT)))
    with pytest.raises(
        ValueError, match=r"p\.geojson: .* field 'use', found lists or mappings in 1"
    ):
        labels(path)


def test_one_of_several_layers_is_asked_for(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT], ['sea'], layer='2019')
    store(path, [RIGHT], ['wood'], layer='2021')
    with pytest.raises(ValueError, match=r"found '2019' \(Polygon, 1\), '2021' .* --layer NAME"):
        labels(path)
    with pytest.raises(ValueError, match="expected a layer '2020', found '2019'"):
        labels(path, layer='2020')
    mask, notes = labels(path, layer='2021')
    assert (mask[:, :40] == 255).all() and (mask[:, 40:] == 1).all()
    assert "layer '2021' was read, left out: '2019'" in notes


@pytest.mark.parametrize('suffix', ['.gpkg', '.geojson', '.shp'])
def test_an_expression_chooses_features(labels, tmp_path, suffix):
    path = store(tmp_path / f'p{suffix}', [LEFT, LEFT, RIGHT], ['sea', 'wood', 'wood'])
    mask, notes = labels(path, where="use <> 'sea'")
    assert (mask == 1).all() and "read 2 of 3 features, those where use <> 'sea'" in notes
    with pytest.raises(ValueError, match=rf'p\{suffix}: expected vector data, found: .*'):
        labels(path, where='use is like wood')


def test_the_only_layer_with_polygons_is_taken(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT.centroid], ['wood'], layer='visits')
    store(path, [LEFT], ['sea'], layer='cover')
    mask, notes = labels(path)
    assert (mask[:, :40] == 0).all()
    assert "layer 'cover' was read, left out: 'visits'" in notes


@pytest.mark.parametrize('crs', [SYSTEM, 'EPSG:4326', 'EPSG:3857'])
def test_lines_and_points_are_refused_or_become_areas(labels, tmp_path, crs):
    """Areas of a circle of 12 m, and of a line of 60 m with round ends; a mixture of both."""
    point = shapely.Point(WEST + 20, NORTH - 50)
    line = shapely.LineString([(WEST + 60, NORTH - 20), (WEST + 60, NORTH - 80)])
    frame = geopandas.GeoSeries([point, line], crs=SYSTEM).to_crs(crs)
    path = store(tmp_path / 'p.geojson', frame, ['sea', 'wood'], crs)
    with pytest.raises(ValueError, match=r'found 1 Point, 1 LineString; --buffer METRES'):
        labels(path)
    mask, notes = labels(path, buffer=12)
    assert abs((mask == 0).sum() - np.pi * 144) < 12
    assert abs((mask == 1).sum() - np.pi * 144 - 24 * 60) < 25
    assert 'became areas by a buffer of 12 m' in notes


def test_polygons_of_a_collection_do_not_grow(labels, tmp_path):
    mixed = shapely.GeometryCollection([LEFT, shapely.Point(WEST + 70, NORTH - 50)])
    path = store(tmp_path / 'p.gpkg', [mixed], ['sea'])
    with pytest.raises(ValueError, match='found 1 GeometryCollection; --buffer METRES'):
        labels(path)
    mask, _ = labels(path, buffer=9)
    assert (mask[:, :40] == 0).all() and (mask[:, 40:60] == 255).all()
    assert abs((mask[:, 60:] == 0).sum() - np.pi * 81) < 9


def test_a_file_without_features_is_a_tile_without_polygons(labels, tmp_path):
    empty, drawn = tmp_path / 'a.geojson', tmp_path / 'b.geojson'
    collection(empty)
    mask, _ = labels(empty, store(drawn, [LEFT], ['sea']), classes=f'{CLASSES}unlabelled: dry')
    assert (mask[:, :40] == 0).all() and (mask[:, 40:] == 1).all()
    with pytest.raises(ValueError, match=r'a\.geojson: expected polygons, found none in 1 files'):
        labels(empty)


def test_an_empty_layer_is_no_second_one(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT], ['sea'], layer='cover')
    frame = geopandas.GeoDataFrame({'use': ['sea']}, geometry=[LEFT], crs=SYSTEM)
    frame[:0].to_file(path, layer='draft', geometry_type='Polygon')
    mask, _ = labels(path)
    assert (mask[:, :40] == 0).all()


def test_polygons_that_touch_no_image(labels, tmp_path):
    elsewhere = store(tmp_path / 'e.gpkg', [shapely.box(0, 0, 9, 8)], ['sea'], 'EPSG:32634')
    with pytest.raises(ValueError, match=r'x 0 to 9, y 0 to 8 \(EPSG:32634\); a\.tif is at x 6000'):
        labels(elsewhere)
    metres = collection(tmp_path / 'm.geojson', ('sea', shapely.to_geojson(LEFT)))
    lost = collection(tmp_path / 'n.geojson', ('sea', shapely.to_geojson(LEFT.centroid)))
    with pytest.raises(
        ValueError, match=r'n\.geojson: expected coordinates on the globe, found x 6'
    ):
        labels(lost, buffer=3)
    with pytest.raises(ValueError, match='which are no degrees: is its reference system stated'):
        labels(metres)
    _, notes = labels(elsewhere, store(tmp_path / 'h.gpkg', [LEFT], ['sea']))
    assert '1 of 2 polygons touch no image' in notes


def test_features_without_geometry(labels, tmp_path):
    path = collection(tmp_path / 'p.geojson', ('sea', None), ('wood', None))
    with pytest.raises(ValueError, match=r'found none in 1 files; .* 2 of 2 features have no geom'):
        labels(path)


def test_local_reference_systems(labels, tmp_path):
    path = store(tmp_path / 'p.gpkg', [LEFT], ['sea'], LOCAL)
    mask, _ = labels(path, crs=LOCAL)
    assert (mask[:, :40] == 0).all()
    with pytest.raises(
        ValueError, match=r'p\.gpkg: .* brought to that of a\.tif, EPSG:32633, found'
    ):
        labels(path)


def test_an_unstated_system_of_image_and_polygons(labels, tmp_path):
    path = store(tmp_path / 'p.shp', [LEFT], ['sea'], None)
    mask, _ = labels(path, crs=None)
    assert (mask[:, :40] == 0).all()
    with pytest.raises(ValueError, match=r'a\.tif: expected a coordinate reference system'):
        labels(store(tmp_path / 'p.gpkg', [LEFT], ['sea']), crs=None)
