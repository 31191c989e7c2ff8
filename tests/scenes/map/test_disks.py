"""Disks that are full or cannot be written: one clear error, and no part of a file."""

import re
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest

from ktda_mmseg.scenes.map import scene_inferencer
from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

pytest.importorskip('rasterio')


@contextmanager
def mounted(folder, *options):
    """Mount a disk in memory, which needs the right to."""
    folder.mkdir()
    done = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', ','.join(options), 'none', str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f'mounting is not permitted here: {done.stderr.decode().strip()}')
    try:
        yield folder
    finally:
        subprocess.run(['umount', str(folder)], check=True)


@pytest.fixture
def path(write):
    """A scene of 200 x 300 pixels of noise."""
    rng = np.random.default_rng(0)
    return write(rng.integers(1, 30000, (2, 200, 300)).astype(np.uint16))


def test_a_disk_that_cannot_be_written(brightest, path, tmp_path):
    with mounted(tmp_path / 'disk', 'ro') as disk:
        for out in (disk, disk / 'out'):
            with pytest.raises(OSError, match=rf'{out}: expected a folder .* Read-only'):
                SceneInferencer(brightest)([path], out)
    assert brightest.calls == 0


def test_a_disk_that_is_too_small_is_told_before_work(brightest, path, tmp_path):
    with mounted(tmp_path / 'disk', 'size=100k') as disk:
        (result,) = SceneInferencer(brightest)([path], disk)
        assert 'expected 0 MB free' in result.error and brightest.calls == 0
        assert [one.name for one in disk.iterdir()] == ['scene.strips']


@pytest.mark.parametrize('kilobytes', [8, 60, 300, 700, 1200, 3000])
def test_a_disk_that_fills_up_on_the_way(brightest, path, tmp_path, monkeypatch, kilobytes):
    monkeypatch.setattr(scene_inferencer, 'require_space', lambda folder, size: None)
    run = SceneInferencer(brightest, products=Products(Layers(True, 'uint16'), quicklook=True))
    (expected,) = run([path], tmp_path / 'alone')
    with mounted(tmp_path / 'disk', f'size={kilobytes}k') as disk:
        (result,) = run([path], disk)
        if result.error is None:
            assert kilobytes > 1200
        else:
            # GDAL has words of its own
            assert re.search('No space left|tif: expected to write it', result.error)
            assert result.error.count('\n') == 0
        for file in disk.iterdir():
            if file.is_file():
                assert file.read_bytes() == (tmp_path / 'alone' / file.name).read_bytes()
        assert (disk / 'scene.json').exists() == (result.error is None)
        # with room the same command goes on
        subprocess.run(['mount', '-o', 'remount,size=20m', str(disk)], check=True)
        (result,) = run([path], disk)
        for kind, file in result.files.items():
            assert file.read_bytes() == expected.files[kind].read_bytes()
