"""Processes make the tiles, and tell the notes, of one process."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.utils.workers import Workers

from .conftest import CLASSES, ORIGINS

pytest.importorskip('rasterio')
UNLISTED = 'classes: {water: {labels: [1]}, forest: {labels: [7]}}\nignore: [0]\nunlabelled: forest'
NAMED = 'classes: {water: {labels: [lake]}, forest: {labels: [wood]}}\nunlabelled: forest'


@pytest.fixture
def shared(forks, run, source, tmp_path):
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


LAYOUTS = {
    'strips': dict(blockysize=16),
    'high strips': dict(blockysize=200),
    'large blocks': dict(tiled=True, blockxsize=256, blockysize=256),
}


@pytest.mark.parametrize(
    ('layout', 'overlap'),
    [('strips', 16), ('high strips', 0), ('high strips', 16), ('large blocks', 0), ('png', 16)],
)
def test_a_block_is_decoded_once(write, run, rng, tmp_path, monkeypatch, layout, overlap):
    """The system counts the bytes that are read; a block is read as often as it is decoded."""
    counts = Path('/proc/self/io')
    if not counts.exists():
        pytest.skip('only Linux counts what a process reads')
    for module in ('raster.files', 'scenes.prepare.raster_tiles'):
        monkeypatch.setattr(f'ktda_mmseg.{module}.CACHE_BYTES', 1 << 19)  # as if they were larger
    suffix = '.png' if layout == 'png' else '.tif'
    stored = (
        dict(interleave='pixel', compress='deflate', **LAYOUTS[layout]) if layout in LAYOUTS else {}
    )
    for name, origin in ORIGINS.items():
        pixels = rng.integers(0, 256, (3, 320, 640)).astype(np.uint8)
        write(tmp_path / 'images' / (name + suffix), pixels, origin, **stored)
        labels = np.full((320, 640), 7, np.uint8)
        write(tmp_path / 'labels' / f'{name}.tif', labels, origin, **stored)
    for tile in (320, 64):  # the first time modules are read too
        shutil.rmtree(tmp_path / 'out', ignore_errors=True)
        before = int(counts.read_text().split()[1])
        run(tile=tile, overlap=overlap, workers=Workers(1))
    size = sum(path.stat().st_size for path in tmp_path.glob('images/*'))
    # labels and the masks that are counted in the end are two thirds of the images
    assert int(counts.read_text().split()[1]) - before < 1.7 * size
