"""Networks of others are scored as the rows of a study are."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.l8_biome import prepare
from ktda_mmseg.studies import csmask as module
from ktda_mmseg.studies.csmask import merged, merged_rows, score_csmask, table

rasterio = pytest.importorskip('rasterio')

ROOT = Path(__file__).resolve().parents[2]


def test_thin_clouds_count_as_clouds():
    matrix = np.arange(16).reshape(4, 4)
    expected = [[0, 1, 2 + 3], [4, 5, 6 + 7], [8 + 12, 9 + 13, 10 + 11 + 14 + 15]]
    assert merged(matrix).tolist() == expected


@pytest.fixture
def tiles(tmp_path):
    """Two tiles of eight bands; the mask of the second tells no shadow. The last pixel is empty."""
    masks = {'a': [[0, 1, 2], [3, 0, 255]], 'b': [[0, 0, 2], [3, 0, 0]]}
    for name, mask in masks.items():
        for folder in ('img_dir/test', 'ann_dir/test'):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        pixels = np.arange(1, 9, dtype=np.uint16)[:, None, None] * np.full((8, 2, 3), 1000)
        pixels[:, 1, 2] = 0
        profile = dict(driver='GTiff', height=2, width=3, count=8, dtype='uint16', nodata=0)
        with rasterio.open(tmp_path / f'img_dir/test/{name}.tif', 'w', **profile) as raster:
            raster.write(pixels)
        Image.fromarray(np.array(mask, np.uint8)).save(tmp_path / f'ann_dir/test/{name}.png')
    return tmp_path


@pytest.fixture
def csmask(monkeypatch):
    """A stand-in for the package, which finds the same in every image."""
    seen = []

    def make(img, band_order, product_level):
        seen.append((img, band_order, product_level))
        # background 0, cloud 1, shadow 2
        return SimpleNamespace(csm=np.array([[0, 2, 1], [1, 2, 0]], np.uint8)[..., None])

    package, mask = ModuleType('ukis_csmask'), ModuleType('ukis_csmask.mask')
    mask.CSmask = make
    monkeypatch.setitem(sys.modules, 'ukis_csmask', package)
    monkeypatch.setitem(sys.modules, 'ukis_csmask.mask', mask)
    monkeypatch.setattr(module, 'version', lambda name: '1')
    return seen


def test_the_map_of_each_tile_counts_by_hand(tiles, csmask):
    content = score_csmask(tiles, ['test'])
    image, bands, level = csmask[0]
    assert level == 'l1c' and image.dtype == np.float32 and image.shape == (2, 3, 6)
    values = dict(zip(bands, image[0, 0], strict=True))
    stored = {'red': 1, 'green': 2, 'blue': 3, 'nir': 4, 'swir16': 5, 'swir22': 6}
    assert values == pytest.approx({name: band / 10 for name, band in stored.items()})

    both, shadowy = (content['splits']['test'][part] for part in ('all', 'with_shadow'))
    assert content['classes'] == ('Clear', 'Cloud Shadow', 'Cloud')
    assert shadowy['matrix'] == [[1, 1, 0], [0, 1, 0], [0, 0, 2]]
    assert len(both['images']) == 2 and shadowy['images'] == both['images'][:1]
    assert both['matrix'] == [[2, 3, 0], [0, 1, 0], [0, 0, 4]]
    assert both['IoU'] == pytest.approx([100 * 2 / 5, 100 * 1 / 4, 100])
    assert table(content, {}).splitlines()[2:] == [
        '| ukis-csmask, six bands, L1C | test, all | 55.00 | 70.00 | 40.00 | 25.00 | 100.00 |',
        '| ukis-csmask, six bands, L1C | test, with shadow | 66.67 | 80.00 | 50.00 | 50.00 '
        '| 100.00 |',
    ]


def test_rows_of_a_study_are_scored_alike(tmp_path):
    matrices = [np.diag([4, 1, 2, 3]), np.diag([4, 0, 2, 3])]
    matrices[1][1, 0] = 1
    for seed, matrix in enumerate(matrices):
        (tmp_path / 'student').mkdir(exist_ok=True)
        content = json.dumps({'test': {'matrix': matrix.tolist()}})
        (tmp_path / f'student/seed_{seed}.json').write_text(content)
    rows = merged_rows(tmp_path)
    assert [one.IoU for one in rows['student']] == [[100, 100, 100], [80, 0, 100]]
    line = table({'splits': {}}, rows).splitlines()[-1]
    assert line.startswith('| student | test, all | 80.00 ± 28.28 | 95.00 ± 7.07 | 90.00 ± 14.14 |')
    with pytest.raises(FileNotFoundError, match='expected ROW/seed_N.json'):
        merged_rows(tmp_path / 'student')


def test_without_the_package(tiles, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ukis_csmask.mask', None)
    with pytest.raises(ImportError, match=r"pip install 'ktda-mmseg\[csmask\]'"):
        score_csmask(tiles)


def test_the_committed_scores_come_from_the_package(tmp_path, shared):
    pytest.importorskip('ukis_csmask.mask', reason='needs ukis-csmask, 145 MB')
    prepare(shared / 'data' / 'l8_biome_sample', tmp_path / 'data', bands='all')
    found = score_csmask(tmp_path / 'data', ['test'])['splits']['test']
    committed = ROOT / 'docs/results/l8_biome_sample_rivals/ukis_csmask.json'
    expected = json.loads(committed.read_text())['splits']['test']
    for part in ('all', 'with_shadow'):
        # half precision may round otherwise elsewhere
        assert found[part]['IoU'] == pytest.approx(expected[part]['IoU'], abs=0.5)
        assert found[part]['images'] == pytest.approx(expected[part]['images'], abs=0.5)
