"""The command line of prepare_dataset.py."""

from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'prepare_dataset.py'


@pytest.fixture
def run(warm_python):
    """Return a function that runs the tool as a user does."""
    environment = {'PYTHONPATH': str(TOOL.parents[1]), 'PATH': ''}
    return lambda *args: warm_python.run([TOOL, *args], environment)


def test_it_generates_and_prints_what(run, tmp_path):
    sizes = ('--size', 32, '--train', 2, '--val', 1, '--test', 1)
    done = run('synthetic', '--kind', 'cloud', '--out', tmp_path / 'set', *sizes)
    assert done.returncode == 0, done.stderr
    assert 'Cloud Shadow' in done.stdout and f'written to {tmp_path / "set"}' in done.stdout
    assert '100%' in done.stderr and 'tile/s' in done.stderr
    assert len(list((tmp_path / 'set' / 'ann_dir' / 'train').iterdir())) == 2


@pytest.mark.parametrize('command', ['grass', 'l8_biome', 'dubai'])
def test_a_wrong_folder_is_one_line(run, command, tmp_path):
    done = run(command, tmp_path, '--out', tmp_path / 'set')
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f'error: {tmp_path}')
    assert 'Traceback' not in done.stderr
