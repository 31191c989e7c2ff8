"""The command line of download_dataset.py, killed and run again."""

import io
import os
import runpy
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mmengine.config import Config

from ktda_mmseg.scenes.download.download import SETS
from ktda_mmseg_cli import COMMANDS

from ...waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
TOOL = ROOT / 'tools' / 'download_dataset.py'


# the tool on a disk that has room for any set, as conftest.py has it for calls
ROOMY = """
import runpy, shutil, sys
usage = shutil.disk_usage
shutil.disk_usage = lambda folder: usage(folder)._replace(free=10**12)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def start(*args: object) -> subprocess.Popen:
    """Start the tool as a user does."""
    path = os.pathsep.join([str(ROOT), os.environ['PYTHONPATH']])
    environment = {**os.environ, 'PYTHONPATH': path}
    command = [sys.executable, '-c', ROOMY, str(TOOL), *map(str, args)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def call(*args: object) -> None:
    runpy.run_path(str(TOOL))['main'](list(map(str, args)))


@pytest.mark.slow  # imports the package twice
def test_a_killed_download_goes_on(server, tmp_path):
    files = {
        f'l8/{folder}/a.png': os.urandom(40_000)
        for folder in (f'{k}/{s}' for k in ('img_dir', 'ann_dir') for s in ('train', 'val', 'test'))
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    server.content, server.faults = stream.getvalue(), ['stall']
    out = tmp_path / 'l8'
    arguments = ('cloud', '--out', out, '--root', server.url)
    first = start(*arguments)
    folder = tmp_path / 'l8.download'
    wait_for(lambda: any(p.stat().st_size == 100_000 for p in folder.glob('*.part')), first)
    assert first.poll() is None, first.communicate()
    first.kill()
    assert 'licence  CC BY-NC 4.0' in first.communicate()[0] and not out.exists()

    second = start(*arguments)
    said, errors = second.communicate(timeout=300)
    assert second.returncode == 0, errors
    assert [part for _, part in server.seen] == [None, 'bytes=100000-']
    assert '\nnext: ktda ' in said
    assert {n: (tmp_path / n).read_bytes() for n in files} == files
    assert [path.name for path in tmp_path.iterdir()] == ['l8']


def test_a_failure_is_one_line(server, tmp_path):
    server.faults = [403]
    with pytest.raises(SystemExit, match=f'^error: {server.url}/x could not be downloaded: .*403'):
        call('dubai', '--out', tmp_path / 'd', '--url', f'{server.url}/x')


def test_the_sets_of_the_catalogue_are_offered(capsys):
    with pytest.raises(SystemExit):
        call('--help')
    assert f'{{{",".join(SETS)}}}' in capsys.readouterr().out


@pytest.mark.parametrize('name', SETS)
def test_the_next_command_is_one(name, monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(TOOL.parent), *sys.path])
    for command in SETS[name].then.format(out='some/folder').split(' && '):
        _, name, *arguments = shlex.split(command, comments=True)
        if name == 'prepare':
            tool = ROOT / 'tools' / 'prepare_dataset.py'
            parsed = runpy.run_path(str(tool))['parse_args'](arguments)
            assert parsed.source == Path('some/folder')
        else:
            scope, config = arguments[0].split('::')
            assert name in COMMANDS and scope == 'ktda_mmseg'
            assert (ROOT / 'configs' / config).is_file()


@pytest.mark.parametrize('name', ['grass', 'cloud'])
def test_configs_read_the_default_folder(name):
    config = Config.fromfile(ROOT / 'configs' / 'ktda' / f'{name}.py')
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        assert dataset.data_root == SETS[name].out
        assert dataset.data_prefix.img_path in SETS[name].holds
