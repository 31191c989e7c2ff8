"""A generated data set and the project's own command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..warm_python import WarmProcess, WarmPython

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def synthetic(tools: 'Tools', tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated grass, 64 px: 8 images to train, 4 to validate, 4 to test."""
    out = tmp_path_factory.mktemp('data') / 'synthetic'
    sizes = ['--size', '64', '--train', '8', '--val', '4', '--test', '4']
    tools('prepare_dataset.py', 'synthetic', '--out', out, *sizes)
    return out


@pytest.fixture(scope='session')
def quickstart() -> Path:
    """Config file of the quickstart on generated grass."""
    return ROOT / 'configs' / 'quickstart' / 'synthetic.py'


@pytest.fixture(scope='session')
def options(synthetic: Path) -> list[str]:
    """Overrides that make a quickstart config train on ``synthetic`` in seconds."""
    roots = [
        f'{split}_dataloader.dataset.data_root={synthetic}' for split in ('train', 'val', 'test')
    ]
    return [
        '--cfg-options',
        *roots,
        'train_dataloader.batch_size=2',
        'model.data_preprocessor.size=(64,64)',
        'model.decode_head.decoder.pool_scales=(1,2)',
        'default_hooks.logger.interval=1',
    ]


class Tools:
    """The project's tools, run as a user runs them, but that libraries are there already."""

    def __init__(self, python: WarmPython) -> None:
        self.python = python

    def command(self, name: str, *args: object) -> list[str]:
        """Return the command line of a tool."""
        return [sys.executable, str(ROOT / 'tools' / name), *map(str, args)]

    def environment(self) -> dict[str, str]:
        """Return an environment with one thread, so that tests can run side by side."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')]))
        return {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': path}

    def start(self, name: str, *args: object, log: Path = Path(os.devnull)) -> WarmProcess:
        """Start a tool in a process group of its own, so that its workers can be killed too."""
        return self.python.start(self.command(name, *args)[1:], self.environment(), log, log)

    def fail(self, name: str, *args: object) -> str:
        """Run a tool that must fail and return what it printed."""
        done = self._run(name, *args)
        assert done.returncode, f'{name} succeeded:\n{done.stdout[-2000:]}'
        return done.stdout + done.stderr

    def __call__(self, name: str, *args: object) -> str:
        """Run a tool that must succeed and return what it printed."""
        done = self._run(name, *args)
        printed = done.stdout + done.stderr
        assert not done.returncode, f'{name} failed:\n{printed[-6000:]}'
        return printed

    def _run(self, name: str, *args: object) -> subprocess.CompletedProcess[str]:
        return self.python.run(self.command(name, *args)[1:], self.environment())


@pytest.fixture(scope='session')
def tools(warm_python: WarmPython) -> Tools:
    """Return the project's tools."""
    return Tools(warm_python)
