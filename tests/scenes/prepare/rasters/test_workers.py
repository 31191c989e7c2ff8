"""Processes make the tiles, and tell the notes, of one process."""

import json
import shutil

import pytest

from ktda_mmseg.utils.workers import Workers

from .conftest import CLASSES, ORIGINS

pytest.importorskip('rasterio')
UNLISTED = 'classes: {water: {labels: [1]}, forest: {labels: [7]}}\nignore: [0]\nunlabelled: forest'
NAMED = 'classes: {water: {labels: [lake]}, forest: {labels: [wood]}}\nunlabelled: forest'


@pytest.fixture
def shared(run, source, tmp_path):
    """A function that prepares alone and by two processes, and gives the notes of both."""

    def files():
        made = [path for path in (tmp_path / 'out').rglob('*') if path.is_file()]
        return {str(path): path.read_bytes() for path in made}

    def shared(*arguments, **options):
        alone = run(*arguments, **options).notes
        made = files()
        shutil.rmtree(tmp_path / 'out')
        notes = run(*arguments, **options, workers=Workers(2)).notes
        assert len(made) > 4 and files() == made
        return alone, notes

    source(bands=3, dtype='uint16', suffix='.tif')
    return shared


@pytest.mark.parametrize('rgb', [None, (3, 2, 1)])
def test_label_rasters(shared, rgb):
    """Labels of 2 are not listed, which is noticed where tiles are made."""
    alone, notes = shared(UNLISTED, rgb=rgb)
    assert notes == alone
    assert any("became 'forest' as unlabelled says: 2 in " in note for note in notes)


def test_polygons(shared, tmp_path):
    geopandas = pytest.importorskip('geopandas')
    from shapely.geometry import box

    boxes = [box(x, y - 300, x + 200, y) for x, y in ORIGINS.values()]
    frame = geopandas.GeoDataFrame({'kind': [1, 7]}, geometry=boxes, crs='EPSG:32632')
    frame.to_file(tmp_path / 'kinds.gpkg')
    alone, notes = shared(CLASSES, labels=tmp_path / 'kinds.gpkg', class_field='kind')
    assert notes == alone


def test_annotations(shared, tmp_path):
    corners = [[5, 5], [60, 5], [60, 45], [5, 45]]
    shapes = [dict(label=label, points=corners, shape_type='polygon') for label in ('lake', 'hut')]
    for name in 'ab':
        drawn = dict(
            version='5.0', imagePath=f'{name}.tif', imageHeight=50, imageWidth=70, shapes=shapes
        )
        (tmp_path / 'drawn').mkdir(exist_ok=True)
        (tmp_path / 'drawn' / f'{name}.json').write_text(json.dumps(drawn))
    alone, notes = shared(NAMED, labels=tmp_path / 'drawn')
    assert notes == alone
    assert any("'hut' in 2" in note for note in notes)
