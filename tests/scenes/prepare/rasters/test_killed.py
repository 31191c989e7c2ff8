"""A preparation that is killed again and again ends in the same bytes as one left alone."""

import multiprocessing
import os
import runpy
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rasterio')
TOOL = Path(__file__).resolve().parents[4] / 'tools' / 'prepare_dataset.py'
KILLS, MOST_STARTS = 10, 90


@pytest.fixture
def arguments(write, tmp_path):
    """The command line for 4 scenes of 50 tiles; some tiles have no label."""
    rng = np.random.default_rng(0)
    for number in range(4):
        origin = (5e5 + 10_000 * number, 5e6)
        pixels = rng.integers(0, 256, (3, 160, 320)).astype(np.uint8)
        labels = rng.integers(0, 4, (5, 10)).repeat(32, 0).repeat(32, 1).astype(np.uint8)
        write(tmp_path / 'images' / f's{number}.tif', pixels, origin)
        write(tmp_path / 'labels' / f's{number}.tif', labels, origin)
    classes = tmp_path / 'classes.yaml'
    classes.write_text('classes: {a: {labels: [1, 2]}, b: {labels: [3]}}\nignore: [0]')
    sources = [tmp_path / 'images', '--labels', tmp_path / 'labels', '--classes', classes]
    return ['rasters', *map(str, sources), '--tile', '32', '--out', 'set']


def command(folder, arguments):
    """Run the tool in a folder; what it imports is there already, so a start costs nothing."""
    os.chdir(folder)
    sys.stdout = sys.stderr = (folder / 'log').open('a')
    sys.path.insert(0, str(TOOL.parent))
    sys.argv = [str(TOOL), *arguments]
    runpy.run_path(str(TOOL), run_name='__main__')


def start(folder, arguments):
    """Start the tool in a process of its own."""
    folder.mkdir(exist_ok=True)
    process = multiprocessing.get_context('fork').Process(target=command, args=(folder, arguments))
    process.start()
    return process


def content(folder):
    """The bytes of all files by name."""
    files = (path for path in (folder / 'set').rglob('*') if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def count(folder):
    """Number of files that are there so far."""
    return sum(len(files) for *_, files in os.walk(folder / 'set.partial'))


def finish(folder, arguments):
    """Run the tool to its end."""
    process = start(folder, arguments)
    process.join()
    assert process.exitcode == 0, (folder / 'log').read_text()


@pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')
def test_killed_ten_times_or_left_alone_is_the_same(arguments, tmp_path):
    import ktda_mmseg.scenes.prepare.rasters  # noqa: F401  before processes are started

    finish(tmp_path / 'alone', arguments)
    expected = content(tmp_path / 'alone')
    assert 150 < sum('ann_dir' in name for name in expected) < 200
    killed, rng = tmp_path / 'killed', np.random.default_rng(0)
    kills = 0
    for _ in range(MOST_STARTS):  # a busy machine may be late to kill
        if kills == KILLS:
            break
        before = count(killed)
        process = start(killed, arguments)
        more = rng.integers(1, 35)
        while process.is_alive() and count(killed) < before + more:
            time.sleep(0.001)
        process.join(rng.uniform(0, 0.01))
        process.kill()
        process.join()
        if (killed / 'set').exists():
            assert content(killed) == expected
            shutil.rmtree(killed / 'set')
        else:
            assert process.exitcode == -signal.SIGKILL, (killed / 'log').read_text()
            kills += 1
    assert kills == KILLS
    finish(killed, arguments)
    assert content(killed) == expected
    assert {path.name for path in killed.iterdir()} == {'log', 'set'}
