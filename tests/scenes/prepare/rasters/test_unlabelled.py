"""Images without labels are cut like the others, and a data set takes them for a teacher."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from ktda_mmseg.datasets import PairedSegDataset
from ktda_mmseg.raster.tiling import tile_windows

from .conftest import read_mask

TOOL = Path(__file__).parents[4] / 'tools' / 'prepare_dataset.py'


@pytest.fixture
def more(write, source, rng, tmp_path):
    """An image below those that have labels; the pixels of its first 32 rows hold no data."""
    source(dtype='uint16', nodata=0)
    pixels = (rng.random((3, 70, 40)) * 250 + 1).astype('uint16')
    pixels[:, :32] = 0
    write(tmp_path / 'images' / 'more' / 'a.tif', pixels, (500_000, 5_100_000), nodata=0)
    return pixels


def test_their_tiles_are_in_no_split(run, more, tmp_path):
    rasterio = pytest.importorskip('rasterio')
    summary = run(unlabelled=tmp_path / 'images' / 'more')
    assert [*summary.images] == ['train', 'val', 'unlabelled']
    assert summary.pixels['unlabelled'][:255].sum() == 0
    found = {path.name: path for path in (tmp_path / 'out/img_dir/unlabelled').glob('*.tif')}
    windows = [w for w in tile_windows(70, 40, 32, 0, shift=False) if w.y + w.height > 32]
    assert found.keys() == {f'a_y{w.y:05d}_x{w.x:05d}.tif' for w in windows}
    for window in windows:
        with rasterio.open(found[f'a_y{window.y:05d}_x{window.x:05d}.tif']) as tile:
            assert tile.bounds.left == 500_000 + 10 * window.x
            assert tile.bounds.top == 5_100_000 - 10 * window.y
            np.testing.assert_array_equal(tile.read(), more[(slice(None), *window.slices())])
    assert any('2 tiles left out: no pixel with both data and a label' in n for n in summary.notes)


def test_the_labelled_ones_are_as_without_them(run, more, tmp_path):
    """The image below theirs is not taken for one of them."""
    run(unlabelled=tmp_path / 'images' / 'more')
    with_more = {path: read_mask(path) for path in (tmp_path / 'out/ann_dir').rglob('*.png')}
    (tmp_path / 'out').rename(tmp_path / 'first')
    (tmp_path / 'images' / 'more' / 'a.tif').rename(tmp_path / 'a.tif')
    run()
    alone = {path: read_mask(path) for path in (tmp_path / 'out/ann_dir').rglob('*.png')}
    labelled = {path: mask for path, mask in with_more.items() if 'unlabelled' not in path.parts}
    assert labelled.keys() == alone.keys()
    assert all((labelled[path] == mask).all() for path, mask in alone.items())
    assert 'unlabelled' not in (tmp_path / 'out/preparation.json').read_text()
    assert 'unlabelled' not in (tmp_path / 'out/dataset.py').read_text()


def test_a_data_set_takes_them_by_what_the_fragment_says(run, more, tmp_path):
    summary = run(unlabelled=tmp_path / 'images' / 'more')
    config = Config.fromfile(tmp_path / 'out/dataset.py')
    options = {k: v for k, v in config.prepared['train'].items() if k != 'type'}
    loading = [dict(type='LoadRasterFromFile'), dict(type='LoadAnnotations')]
    data = PairedSegDataset(**options, unlabelled=config.unlabelled, pipeline=loading)
    assert len(data) == summary.images['train'] + summary.images['unlabelled']
    assert (data[len(data) - 1]['gt_seg_map'] == 255).all()


def test_a_finished_folder_is_kept_with_the_same_images_only(run, more, tmp_path):
    folder = tmp_path / 'images' / 'more'
    run(unlabelled=folder)
    assert json.loads((tmp_path / 'out/preparation.json').read_text())['unlabelled'] == str(folder)
    run(unlabelled=folder)
    folder.rename(tmp_path / 'more')
    with pytest.raises(FileExistsError, match=r'another .*unlabelled None'):
        run()


def test_what_does_not_fit_is_one_error(run, write, source, rng, tmp_path):
    source()
    write(tmp_path / 'more' / 'c.tif', rng.integers(1, 9, (2, 40, 40)).astype('uint8'))
    with pytest.raises(ValueError, match=r'c\.tif: expected bands \(1, 2, 3\) .* found \(1, 2\)'):
        run(unlabelled=tmp_path / 'more')
    for folder in (tmp_path / 'images', tmp_path):
        with pytest.raises(ValueError, match='expected other images without labels, got .*images'):
            run(unlabelled=folder)
    with pytest.raises(FileNotFoundError, match='nowhere: expected a raster or a folder'):
        run(unlabelled=tmp_path / 'nowhere')
    assert not (tmp_path / 'out').exists()


def test_the_command_line_cuts_them(write, source, rng, tmp_path, warm_python):
    source()
    write(tmp_path / 'more.tif', rng.integers(1, 9, (3, 32, 40)).astype('uint8'), (0, 0))
    (tmp_path / 'classes.yaml').write_text(
        'classes: {water: {labels: [1, 2]}, rest: {labels: [0, 7]}}'
    )
    (tmp_path / 'splits.yaml').write_text('{train: [a], val: [b]}')
    words = [tmp_path / 'images', '--labels', tmp_path / 'labels', '--out', tmp_path / 'out']
    words += ['--classes', tmp_path / 'classes.yaml', '--split', tmp_path / 'splits.yaml']
    words += ['--tile', '32', '--unlabelled', tmp_path / 'more.tif']
    done = warm_python.run([TOOL, 'rasters', *words], os.environ)
    assert done.returncode == 0 and 'unlabelled' in done.stdout, done.stderr
    assert len([*(tmp_path / 'out/img_dir/unlabelled').iterdir()]) == 2
