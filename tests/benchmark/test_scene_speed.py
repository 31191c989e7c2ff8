"""A scene is mapped both ways with the same windows, and what is written is what was measured."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS
from PIL import Image

from ktda_mmseg.benchmark.scene_speed import (
    SceneSpeed,
    SceneTask,
    blended,
    measure_scene,
    sliding,
)
from ktda_mmseg.checkpoints.deploy import deploy_config

pytest.importorskip('rasterio')


@pytest.fixture
def task(tiny_model, tmp_path):
    """A tiny model of random weights, and a scene of a few of its windows."""
    pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    config = Config(dict(model=tiny_model, test_pipeline=pipeline))
    config.dump(tmp_path / 'config.py')
    model = MODELS.build(deploy_config(config, drop_auxiliary=True).model)
    for parameter in model.parameters():
        parameter.data += torch.randn_like(parameter) * 0.1
    meta = dict(classes=tuple('abcde'), palette=[[i, 0, 0] for i in range(5)])
    state = {'state_dict': model.state_dict(), 'meta': {'dataset_meta': meta}}
    torch.save(state, tmp_path / 'model.pth')
    noise = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    scene = tmp_path / 'scene.png'
    Image.fromarray(noise).resize((170, 120), Image.Resampling.BICUBIC).save(scene)
    return SceneTask(tmp_path / 'config.py', tmp_path / 'model.pth', scene, 16, 4)


def test_both_ways_map_the_same_scene(task):
    ours, theirs = blended(task)(), sliding(task)()
    assert ours.shape == theirs.shape == (120, 170)
    assert ours.dtype == theirs.dtype == np.uint8
    assert len(np.unique(theirs)) > 1
    # in the middle of a window both hold its own labels
    assert (ours == theirs).mean() > 0.7


def run_tool(task, *options):
    script = Path(__file__).resolve().parents[2] / 'tools/analysis_tools/benchmark_scene.py'
    files = map(str, (task.config, task.checkpoint, task.scene))
    command = [sys.executable, str(script), *files, '--overlap', '16', *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_the_tool_times_both_ways(task, tmp_path):
    """Slow: the command starts a process a way."""
    done = run_tool(task, '--repeats', 1, '--json', tmp_path / 'speed.json')
    assert done.returncode == 0, done.stderr
    assert 'mmseg slide: median ' in done.stdout and ' times as fast, ' in done.stdout
    content = json.loads((tmp_path / 'speed.json').read_text())
    assert [len(runs) for runs in content['seconds'].values()] == [1, 1]
    assert content['pixels'] == 120 * 170
    done = run_tool(task, '--seams')
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f'error: {task.scene}: expected more than two')


@pytest.fixture
def speed():
    seconds = {'blended': [1.0, 2.0, 4.0], 'mmseg slide': [8.0, 12.0, 16.0]}
    task = SceneTask(Path('c.py'), Path('m.pth'), Path('s.tif'), 16, 4)
    return SceneSpeed(task, 1_000_000, seconds, 0.9, 0.5)


def test_runs_are_compared_with_those_next_to_them(speed, tmp_path):
    assert speed.ratio == 6  # of 8, 6 and 4
    lines = str(speed).splitlines()
    assert lines[0] == 'blended: median 2.0 s of 3 (1.0-4.0), 0.500 megapixels/s'
    assert lines[2] == '6.0 times as fast, 90.00% of the labels agree; load before: 0.5'
    speed.write(tmp_path / 'speed.json')
    content = json.loads((tmp_path / 'speed.json').read_text())
    assert content['seconds'] == speed.seconds and content['ratio'] == 6
    assert content['task']['scene'] == 's.tif' and content['machine']['torch']


def test_no_runs_are_refused(task):
    with pytest.raises(ValueError, match='repeats of at least 1, got 0'):
        measure_scene(task, 0)
