"""The command `ktda`, started as a person starts it; most of it without torch."""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions, version
from pathlib import Path

import pytest

import ktda_mmseg_cli as cli
from ktda_mmseg.utils.environment import DISTRIBUTIONS
from ktda_mmseg.version import __version__

ROOT = Path(__file__).resolve().parents[1]
# neither the table nor the help of a command may import these, which take seconds
HEAVY = 'torch', 'mmengine', 'mmseg', 'numpy', 'ktda_mmseg'
WATCHED = f"""
import atexit
import sys
atexit.register(lambda: print('IMPORTED', *[m for m in {HEAVY} if m in sys.modules]))
from ktda_mmseg_cli import main
main()
"""


def ktda(*words, script=WATCHED, **environment):
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    return subprocess.run(
        [sys.executable, '-c', script, *words],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths), 'COLUMNS': '100', **environment},
        capture_output=True,
        text=True,
    )


def test_every_tool_is_a_command():
    files = {str(path.relative_to(ROOT / 'tools')) for path in (ROOT / 'tools').rglob('*.py')}
    for name in files - {*cli.COMMANDS.values()}:
        text = (ROOT / 'tools' / name).read_text()
        # the one left writes a page of this repository
        assert "__name__ == '__main__'" not in text or name.endswith('performance.py'), name


def test_the_table_names_every_command_and_imports_nothing():
    done = ktda('--help')
    assert done.returncode == 0
    table = dict(re.findall(r'^  (\S+(?: \S+)?) {2,}(.+)', done.stdout, re.MULTILINE))
    assert table.keys() == cli.COMMANDS.keys()
    assert table['train'] == 'Train a model.'
    assert done.stdout.splitlines()[-1] == 'IMPORTED'
    assert ktda().stdout == done.stdout


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_the_help_of_a_command_is_its_tools_and_imports_nothing(name):
    done = ktda(*name.split(), '--help')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f'usage: ktda {name} ')
    assert done.stdout.splitlines()[-1] == 'IMPORTED'


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        ('trian', "there is no command 'trian', but 'train'; `ktda --help` lists all"),
        ('convert onyx', "there is no command 'convert onyx', but 'convert onnx'"),
        ('zzz', "there is no command 'zzz'; `ktda --help` lists all"),
        ('convert', 'expected convert convnext|csmask|dinov2|official|onnx|to-deploy'),
    ],
)
def test_what_is_no_command_is_told_in_one_line(words, said):
    done = ktda(*words.split())
    assert done.returncode == 1
    assert done.stderr.startswith(f'ktda: error: {said}') and done.stderr.count('\n') == 1


def test_wrong_arguments_are_those_of_the_tool():
    done = ktda('check', 'absent.py')
    assert done.returncode == 2
    expected = 'ktda check: error: expected config to be an existing file, got absent.py\n'
    assert done.stderr.endswith(expected)


@pytest.fixture
def completed(tmp_path):
    """What TAB offers behind a line, as the shell's function of argcomplete asks for it."""
    pytest.importorskip('argcomplete')

    def ask(line):
        out = tmp_path / 'offered'
        done = ktda(
            _ARGCOMPLETE='1',
            _ARGCOMPLETE_IFS='\n',
            _ARGCOMPLETE_STDOUT_FILENAME=str(out),
            COMP_LINE=line,
            COMP_POINT=str(len(line)),
            COMP_TYPE='9',
        )
        assert done.returncode == 0, done.stderr
        return {word.strip() for word in out.read_text().splitlines()}

    return ask


@pytest.mark.parametrize(
    ('line', 'offered'),
    [
        ('ktda tr', {'train'}),
        ('ktda convert o', {'official', 'onnx'}),
        ('ktda convert onnx --l', {'--layout'}),
        ('ktda train --res', {'--resume'}),
        ('ktda map m.onnx --pro', {'--probabilities'}),
        ('ktda browse mine.py --not', {'--not-show'}),
        (
            'ktda prepare rasters --lab',
            {'--labels', '--label-name', '--label-suffix', '--label-format'},
        ),
    ],
)
def test_the_shell_completes_commands_and_options(completed, line, offered):
    assert completed(line) == offered


@pytest.mark.parametrize('words', ['--version', 'cache setup.py', 'train setup.py'])
def test_a_stack_that_is_missing_is_told_with_the_command_that_brings_it(words):
    """As where the wheel was installed without an extra."""
    script = f"import sys; sys.modules['mmengine'] = None\n{WATCHED}"
    done = ktda(*words.split(), script=script)
    assert done.returncode == 1
    assert done.stderr.startswith('error: ktda_mmseg cannot be imported: there is no mmengine')
    (name,) = found_distributions() & {*DISTRIBUTIONS['mmengine']}
    assert f'`pip install {name}`' in done.stderr and done.stderr.count('\n') == 1


def test_the_version_names_the_stack_and_the_device():
    ours, stack, torch = ktda('--version', CUDA_VISIBLE_DEVICES='').stdout.splitlines()[:3]
    assert ours == f'ktda_mmseg {__version__}'
    assert all(f'{name} {version(name)}' in stack for name in found_distributions())
    assert torch.startswith(f'torch {version("torch")}') and torch.endswith(' on cpu')


def found_distributions():
    names = {dist.name for dist in distributions()}
    return names & {name for group in DISTRIBUTIONS.values() for name in group}
