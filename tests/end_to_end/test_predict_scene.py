"""Scenes mapped from the command line: whole, once, the same after kills and by two workers."""

import json
import os
import signal
import subprocess

import numpy as np
import pytest

from ..untrained import save_untrained
from ..waiting import wait_for

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.slow
CLASSES = tuple('abcde')
SETTINGS = ['--window', '64', '--batch-size', '4', '--device', 'cpu']


def write(path, height, width, count=3):
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 256, (count, height // 10, width // 10)).astype(np.uint8)
    place = dict(crs='EPSG:32632', transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5e6))
    shape = dict(height=height, width=width, count=count, dtype='uint8')
    with rasterio.open(path, 'w', driver='GTiff', **shape, **place) as raster:
        raster.write(pixels.repeat(10, 1).repeat(10, 2))


@pytest.fixture(scope='module')
def command(tools, quickstart, tmp_path_factory):
    """Return a function that gives the arguments which map scenes a and b into a folder."""
    folder = tmp_path_factory.mktemp('scenes')
    save_untrained(quickstart, folder / 'model.pth', CLASSES)
    write(folder / 'a.tif', 150, 80)
    write(folder / 'b.tif', 900, 100)

    def command(out, *more, scenes='*.tif'):
        model = (quickstart, folder / 'model.pth')
        return [*model, folder / scenes, '--out', out, *SETTINGS, *more]

    command.folder = folder
    return command


@pytest.fixture(scope='module')
def alone(tools, command, tmp_path_factory):
    """A folder of the maps of a run that was left alone."""
    out = tmp_path_factory.mktemp('alone') / 'out'
    tools('predict_scene.py', *command(out))
    return out


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_maps_lie_as_their_scenes_and_a_second_run_keeps_them(tools, command, alone):
    before = {path: path.stat().st_mtime_ns for path in alone.iterdir()}
    assert {path.name for path in before} == {
        f'{name}{end}' for name in 'ab' for end in ('.tif', '.tif.aux.xml', '.qml', '.json')
    }
    with rasterio.open(alone / 'b.tif') as found, rasterio.open(command.folder / 'b.tif') as scene:
        assert (found.crs, found.transform) == (scene.crs, scene.transform)
        labels = found.read(1)
    pixels = json.loads((alone / 'b.json').read_bytes())['classes']
    assert [entry['pixels'] for entry in pixels] == np.bincount(labels.flat, minlength=5).tolist()
    # a map is its own best reference
    printed = tools('predict_scene.py', *command(alone, '--reference', alone))
    assert printed.count('(was there already)') == 2 and "'mIoU': 100.0" in printed
    assert {path: path.stat().st_mtime_ns for path in alone.iterdir()} == before


def test_what_cannot_be_done_is_told_in_one_line(tools, command, tmp_path):
    printed = tools.fail('predict_scene.py', *command(tmp_path / 'out', scenes='none/*.tif'))
    (line,) = [line for line in printed.splitlines() if line.startswith('error: ')]
    assert 'none/*.tif: expected scenes, found none' in line and 'Traceback' not in printed


def test_a_scene_is_seen_at_another_ground_size(tools, command, tmp_path):
    tools('predict_scene.py', *command(tmp_path / 'out', '--gsd', '20', scenes='a.tif'))
    with rasterio.open(tmp_path / 'out' / 'a.tif') as found:
        with rasterio.open(command.folder / 'a.tif') as scene:
            assert (found.shape, found.transform) == (scene.shape, scene.transform)
        labels = found.read(1)
    # each pixel that the model saw is two of the scene's, wide and high
    assert (labels == labels[::2, ::2].repeat(2, 0).repeat(2, 1)).all()
    assert json.loads((tmp_path / 'out' / 'a.json').read_bytes())['settings']['ground_size'] == [
        20,
        20,
    ]
    printed = tools.fail(
        'predict_scene.py', *command(tmp_path / 'out', '--gsd', 'trained', scenes='a.tif')
    )
    (line,) = [line for line in printed.splitlines() if line.startswith('error: ')]
    assert 'ground_size' in line and 'Traceback' not in printed


def test_help_is_whole_and_waits_for_no_import(tools):
    command = tools.command('predict_scene.py', '--help')
    done = subprocess.run(
        [command[0], '-X', 'importtime', *command[1:]],
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'MODEL.onnx' in done.stdout and '--reference' in done.stdout
    imported = {line.rsplit('|', 1)[-1].strip() for line in done.stderr.splitlines()}
    assert 'argparse' in imported
    assert not imported & {'torch', 'numpy', 'mmengine', 'rasterio', 'ktda_mmseg'}


def test_a_killed_command_ends_in_the_same_bytes(tools, command, alone, tmp_path):
    for attempt in range(5):  # a busy machine may be late to kill
        out = tmp_path / f'{attempt}'
        process = tools.start('predict_scene.py', *command(out))
        wait_for(lambda out=out: len(list(out.glob('b.strips/*.npz'))) >= 5, process)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if not (out / 'b.tif').exists():
            break
    assert set(content(out)) == {'a.tif', 'a.json', 'a.qml', 'a.tif.aux.xml'}
    tools('predict_scene.py', *command(out))
    assert content(out) == content(alone) and not list(out.glob('*.strips'))


def test_two_workers_make_the_same_maps_whatever_scene_fails(tools, command, alone, tmp_path):
    (tmp_path / 'scenes').mkdir()
    write(tmp_path / 'scenes' / 'bad.tif', 100, 100, count=2)
    arguments = command(tmp_path / 'out', '--workers', '2')
    arguments.insert(3, tmp_path / 'scenes')
    printed = tools.fail('predict_scene.py', *arguments)
    (line,) = [line for line in printed.splitlines() if line.startswith('error: ')]
    assert f'1 of 3 scenes failed: {tmp_path}/scenes/bad.tif: expected bands (1, 2, 3)' in line
    assert content(tmp_path / 'out') == content(alone)
