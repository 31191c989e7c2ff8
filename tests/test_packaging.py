import os
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from PIL import Image

from ktda_mmseg.version import __version__

ROOT = Path(__file__).resolve().parents[1]
INFO = f'ktda_mmseg-{__version__}.dist-info'
EXTRAS = {
    'onedl', 'openmmlab', 'raster', 'timm', 'vit', 'csmask', 'stac', 'export', 'serve', 'hub',
    'cluster', 'demo', 'labels', 'docs', 'dev',
}  # fmt: skip
# what the original packages import beyond what they require
UNDECLARED = {'ftfy', 'regex'}
# a config that inherits by the package's name, as it is and dumped, in a process of its own
USE = """
import sys
import ktda_mmseg
from mmengine.config import Config
from mmengine.runner import Runner
assert 'rasterio' not in sys.modules and '/site/ktda_mmseg/' in ktda_mmseg.__file__
config = Config.fromfile('mine.py')
config.dump('dumped.py')
assert Config.fromfile('dumped.py').to_dict() == config.to_dict()
config.work_dir = 'work'
runner = Runner.from_cfg(config)
assert type(runner.model) is ktda_mmseg.KTDASegmentor
assert len(runner.build_dataloader(config.val_dataloader).dataset) == 1
from ktda_mmseg import *
assert SceneInferencer.__module__ == 'ktda_mmseg.scenes.map.scene_inferencer'
assert callable(prepare_rasters) and callable(check_dataset) and callable(load_predictor)
"""


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """A copy of the project, so that building it leaves nothing in the working tree."""
    if not (ROOT / '.git').exists():
        pytest.skip('git, which lists the files of the project, knows none here')
    folder = tmp_path_factory.mktemp('source')
    listed = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '--', ':!tests'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def pip(action, *args):
    command = [sys.executable, '-m', 'pip', action, '--no-deps', '--no-build-isolation', *args]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope='module')
def wheel(source, tmp_path_factory):
    out = tmp_path_factory.mktemp('wheel')
    pip('wheel', '-w', out, source)
    return ZipFile(next(out.glob('ktda_mmseg-*.whl')))


def test_the_wheel_holds_what_mim_looks_for_and_the_type_marker(source, wheel):
    names = set(wheel.namelist())
    assert {'ktda_mmseg/py.typed', 'ktda_mmseg/scenes/serve/page/index.html'} <= names
    for folder in ('configs', 'tools'):
        files = [path for path in (source / folder).rglob('*') if path.is_file()]
        assert files
        expected = {f'ktda_mmseg/.mim/{path.relative_to(source)}' for path in files}
        assert expected <= names
    assert 'ktda_mmseg/.mim/model-index.yml' in names
    tops = {'ktda_mmseg', INFO, 'ktda_mmseg_cli.py'}
    assert {name.split('/')[0] for name in names} == tops
    # mmengine and mim take the first line for the package
    tops = wheel.read(f'{INFO}/top_level.txt').split()
    assert tops == [b'ktda_mmseg', b'ktda_mmseg_cli']


def test_every_module_and_template_is_in_the_wheel(source, wheel):
    files = [f for end in ('py', 'html', 'css') for f in source.glob(f'ktda_mmseg/**/*.{end}')]
    assert {str(path.relative_to(source)) for path in files} <= set(wheel.namelist())


def test_a_second_build_drops_what_was_removed(source, wheel, tmp_path):
    gone = source / 'build' / 'lib' / 'ktda_mmseg' / '.mim' / 'configs' / 'gone.py'
    gone.touch()
    pip('wheel', '-w', tmp_path, source)
    names = ZipFile(next(tmp_path.glob('*.whl'))).namelist()
    assert 'ktda_mmseg/.mim/configs/gone.py' not in names


def test_metadata_has_the_requirements_and_extras(wheel):
    metadata = message_from_bytes(wheel.read(f'{INFO}/METADATA'))
    assert metadata['Requires-Python'] == '>=3.10'
    assert set(metadata.get_all('Provides-Extra')) == EXTRAS
    required = {
        requirement.name
        for requirement in map(Requirement, metadata.get_all('Requires-Dist'))
        if not requirement.marker
    }
    assert required == {
        'argcomplete', 'cloudpickle', 'filelock', 'jinja2', 'joblib', 'numpy', 'opencv-python',
        'pyyaml', 'scipy', 'torch', 'torchvision', 'tqdm',
    }  # fmt: skip


@pytest.fixture
def elsewhere(wheel, tmp_path, monkeypatch):
    """A function that runs Python in an empty folder, where the wheel is all there is of us."""
    site, empty = tmp_path / 'site', tmp_path / 'empty'
    wheel.extractall(site)
    empty.mkdir()
    monkeypatch.chdir(empty)
    environment = {**os.environ, 'PYTHONPATH': str(site), 'COLUMNS': '100'}

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def test_the_wheel_brings_a_command(wheel):
    entries = wheel.read(f'{INFO}/entry_points.txt').decode()
    assert entries.split() == ['[console_scripts]', 'ktda', '=', 'ktda_mmseg_cli:main']


def test_a_wheel_is_all_that_a_project_of_ones_own_needs(elsewhere):
    pytest.importorskip('rasterio')
    pytest.importorskip('timm')
    rng = np.random.default_rng(0)
    for folder, shape, values in (('images', (140, 150, 3), 256), ('labels', (140, 150), 2)):
        Path(folder).mkdir()
        for index in range(3):
            picture = Image.fromarray(rng.integers(0, values, shape, np.uint8))
            picture.save(f'{folder}/{index}.png')
    assert '  train  ' in elsewhere('-m', 'ktda_mmseg_cli', '--help')
    words = 'mine.py --images images --labels labels --classes water wood'.split()
    assert 'ktda train mine.py' in elsewhere('-m', 'ktda_mmseg', 'init', *words)
    assert "_base_ = ['ktda_mmseg::ktda/best.py', 'data/mine/dataset.py']" in (
        Path('mine.py').read_text()
    )
    elsewhere('-c', USE)


def test_an_editable_installation_links_to_the_sources(source, tmp_path):
    pip('install', '--target', tmp_path, '--editable', source)
    mim = source / 'ktda_mmseg' / '.mim'
    assert (mim / 'configs').resolve() == source / 'configs'
    assert (mim / 'tools' / 'train.py').is_file()


@pytest.mark.parametrize('name', sorted({'runtime', *EXTRAS}))
def test_every_requirement_has_a_lower_bound_and_a_reason(name):
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    stated = [line for line in lines if not line.startswith('#')]
    assert stated
    for line in stated:
        requirement, separator, reason = line.partition('  # ')
        assert separator and len(reason) > 10, f'{line} has no reason'
        operators = {specifier.operator for specifier in Requirement(requirement).specifier}
        assert '>=' in operators or name == 'openmmlab', f'{line} has no lower bound'


def test_the_two_families_share_no_distribution():
    def names(family):
        lines = (ROOT / 'requirements' / f'{family}.txt').read_text().splitlines()
        return {Requirement(line.split('#')[0]).name for line in lines if line[0] != '#'}

    onedl = names('onedl')
    assert {name.removeprefix('onedl-') for name in onedl} == names('openmmlab') - UNDECLARED
    assert all(name.startswith('onedl-') for name in onedl)


def test_the_model_index_points_to_configs_and_known_collections():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    collections = {collection['Name'] for collection in index['Collections']}
    for model in index['Models']:
        assert (ROOT / model['Config']).is_file()
        assert model['In Collection'] in collections
