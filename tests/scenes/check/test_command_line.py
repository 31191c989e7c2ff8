"""The tool, as a user runs it, finds what was planted and nothing in sound data."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.prepare import l8_biome, synthetic

from .conftest import ROOT, SIZE, TOOL, DataSet

pytestmark = [
    pytest.mark.filterwarnings('ignore:Dataset has no geotransform'),
    pytest.mark.filterwarnings('ignore:Use `@` matmul:PendingDeprecationWarning'),
]
GROUND = dict(crs='EPSG:32633')


def at(x, y):
    from rasterio.transform import from_origin

    return dict(GROUND, transform=from_origin(x, y, 10, 10))


def cut(path, kept):
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])


@pytest.fixture(scope='module')
def planted(tmp_path_factory):
    """What the tool says of two sets with all faults, one RGB and one of georeferenced floats."""
    root = tmp_path_factory.mktemp('planted')
    rgb, floats = DataSet(root / 'rgb'), DataSet(root / 'floats', '.tif', 2, 'float32')
    Image.open(rgb.image('train', 'a')).save(rgb.image('val', 'copy'), compress_level=1)
    shutil.copy(rgb.mask('train', 'a'), rgb.mask('val', 'copy'))
    rgb.write_mask('train', 'b', np.arange(SIZE * (SIZE - 1)).reshape(SIZE - 1, SIZE) % 5)
    labels = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % 5
    labels[0, :3] = 7
    rgb.write_mask('train', 'c', labels)
    cut(rgb.image('val', 'd'), 0.6)
    rgb.write_mask('test', 'f', np.full((SIZE, SIZE), 255))
    rgb.mask('test', 'g').unlink()

    pixels = floats.rng.normal(size=(4, SIZE, SIZE, 2)).astype(np.float32)
    pixels[0, 2:4, 5, 1] = np.nan
    floats.write_image('train', 'a', pixels[0])
    cut(floats.image('val', 'd'), 0.6)
    floats.write_image('train', 'b', pixels[1], **at(500000, 5000000))
    floats.write_image('val', 'e', pixels[2], **at(500000 + 10 * (SIZE - 3), 5000000))
    floats.write_image('test', 'f', pixels[3], **at(500000, 5000000 + 10 * SIZE))

    config = root / 'planted.py'
    loaders = {
        f'{split}_dataloader': dict(
            dataset=dict(type='ConcatDataset', datasets=[rgb.dataset(split), floats.dataset(split)])
        )
        for split in ('train', 'val', 'test')
    }
    Config(loaders).dump(config)
    return run_in(root), root


def run_in(root, *options):
    path = os.pathsep.join([str(ROOT), os.environ['PYTHONPATH']])
    return subprocess.run(
        [sys.executable, TOOL, root / 'planted.py', *options],
        cwd=root,
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    'said',
    [
        r'{root}/rgb/img_dir/train/a.png: expected each image once, found the same pixels in '
        '{root}/rgb/img_dir/val/copy.png',
        '{root}/rgb/ann_dir/train/b.png: expected the size of its image, 24x24 pixels '
        '(width x height), found 24x23 pixels (width x height)',
        '{root}/rgb/ann_dir/train/c.png: expected labels 0 to 4 or 255 (ignored), found 7 in 3 '
        'pixels',
        '{root}/rgb/img_dir/val/d.png: expected a complete 8-bit image that Pillow decodes, found',
        '{root}/rgb/ann_dir/test/f.png: expected labelled pixels, found only ignored ones',
        '{root}/rgb/img_dir/test/g.png: expected a mask in {root}/rgb/ann_dir/test, found none',
        '{root}/floats/img_dir/train/a.tif: expected finite values, or nodata stated in the file, '
        'found NaN in 2 pixels',
        '{root}/floats/img_dir/val/d.tif: expected a complete raster, found',
        '{root}/floats/img_dir/val/e.tif: expected other ground than that of other splits, found '
        '12.5% overlap with {root}/floats/img_dir/train/b.tif',
    ],
)
def test_each_planted_fault_is_named_on_the_terminal_and_in_the_report(planted, said):
    done, root = planted
    sentence = said.format(root=root)
    assert sentence in done.stdout
    assert sentence in (root / 'work_dirs/planted/dataset_check/index.html').read_text()


def test_planted_faults_are_all_that_is_found(planted):
    """Seven errors; NaN, the ignored mask and the two types in a split are warnings."""
    done, _ = planted
    assert done.stdout.splitlines()[-1] == 'verdict: 7 errors, 5 warnings'
    assert done.returncode == 1
    # the original mmengine imports what torch warns of whatever the filters are
    assert not re.search('Warning(?!: `TorchScript`)', done.stderr)
    assert '100%' in done.stderr and 'pair/s' in done.stderr


@pytest.mark.slow
def test_workers_find_the_same(planted):
    """Slow: each worker imports the package."""
    alone, root = planted
    report = root / 'work_dirs/planted/dataset_check'
    expected = {path.name: path.read_bytes() for path in report.iterdir()}
    shutil.rmtree(report)
    done = run_in(root, '--workers', '2')
    assert (done.returncode, done.stdout) == (1, alone.stdout), done.stderr
    assert {path.name: path.read_bytes() for path in report.iterdir()} == expected
    assert 'index.html' in expected and 'Warning' not in done.stderr


def test_sound_data_pass_and_leave_a_report_and_a_config(rgb, run_tool, tmp_path):
    rgb.config()
    code, out, err = run_tool(rgb.root / 'config.py', '--out', tmp_path / 'out')
    assert code == 0 and 'Warning' not in err
    assert out.splitlines()[-1] == 'verdict: ok'
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'index.html',
        'with_statistics.py',
    }


def test_help_answers_without_importing_what_it_would_need():
    command = [sys.executable, '-X', 'importtime', str(TOOL), '--help']
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0
    assert b'dataset_check' in done.stdout and b'torch' not in done.stderr


def test_a_missing_config_is_one_line(run_tool, tmp_path):
    code, _, err = run_tool(tmp_path / 'none.py')
    assert code == 2
    assert err.splitlines()[-1].endswith(f'existing file, got {tmp_path / "none.py"}')


def test_a_config_without_data_is_one_line(run_tool, tmp_path):
    (tmp_path / 'empty.py').write_text('x = 1\n')
    code, _, _ = run_tool(tmp_path / 'empty.py')
    assert code.startswith(f'error: {tmp_path / "empty.py"}: expected train_dataloader')


def test_generated_data_have_no_fault(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    synthetic.prepare(Path('data/synthetic_grass'), train=6, val=3, test=3)
    assert faults('synthetic') == []


def test_the_real_sample_has_no_fault(shared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for bands, name in (('rgb', 'l8_biome_sample'), ('all', 'l8_biome_8band')):
        l8_biome.prepare(shared / 'data' / 'l8_biome_sample', bands=bands)
        assert faults(name) == []


def faults(name: str) -> list:
    """What is found in the data of a quickstart, which lie in the current folder."""
    return check(Config.fromfile(ROOT / 'configs' / 'quickstart' / f'{name}.py')).faults
