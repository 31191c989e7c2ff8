"""A measurement that was cut off goes on; what its parts measure, other tests know."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / 'tools' / 'analysis_tools' / 'gpu_measurements.sh'
PARTS = {
    'environment/gpu.json', 'gpu_grass.json', 'gpu_cloud.json', 'gpu_graphs.json',
    'gpu_grass_inference.json', 'gpu_loader.json', 'memory/gpu.json',
    'scaling/gpu_grass_batches.json', 'scaling/gpu_cloud_batches.json', 'scenes/gpu.json',
}  # fmt: skip


@pytest.fixture
def measure(tmp_path):
    """Return a function that runs the script with tools that write their names, or fail."""
    python = tmp_path / 'python'
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *"$FAULTY"*) exit 1;; esac\n'
        f'echo "$@" >> {tmp_path}/called\nfor file; do :; done\necho "$1" > "$file"\n'
    )
    python.chmod(0o755)
    scratch = tmp_path / 'scratch'

    def run(faulty='none', **environment):
        (tmp_path / 'called').write_text('')
        done = subprocess.run(
            [SCRIPT, tmp_path / 'out'],
            env=dict(
                os.environ, PYTHON=str(python), FAULTY=faulty, SCRATCH=str(scratch), **environment
            ),
            capture_output=True,
            text=True,
        )
        return done, (tmp_path / 'called').read_text().splitlines()

    return run


def found(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob('*.json')}


def test_a_part_that_is_there_is_left_out(measure, tmp_path):
    failed, called = measure(faulty='official_step/cloud.py')
    assert failed.returncode == 1 and 'failed: cloud\n' in failed.stderr
    assert found(tmp_path / 'out') == PARTS - {'gpu_cloud.json'}
    done, again = measure()
    assert done.returncode == 0, done.stderr
    assert len(again) == 1 and 'official_step/cloud.py' in again[0]
    assert found(tmp_path / 'out') == PARTS and measure()[1] == []
    assert len(called) == len(PARTS) - 1 + 3  # tests, data and model


def test_parts_are_chosen(measure, tmp_path):
    _, called = measure(PARTS='grass scene', SIZE='tiny')
    assert found(tmp_path / 'out') == {'gpu_grass.json', 'scenes/gpu.json'} and len(called) == 2


@pytest.mark.slow
def test_the_parts_measure(tmp_path):
    """Slow: processes that load everything; more of them than these are run by hand."""
    choice = dict(
        DEVICE='cpu', SIZE='tiny', PARTS='environment grass counted', PYTHON=sys.executable
    )
    subprocess.run([SCRIPT, tmp_path], env={**os.environ, **choice}, check=True)
    assert found(tmp_path) == {'environment/gpu.json', 'gpu_grass.json', 'memory/gpu.json'}
