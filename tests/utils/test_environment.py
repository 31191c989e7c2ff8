"""Each broken environment is made for real: a folder of links to what is installed, changed."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ktda_mmseg.utils.environment import (
    BUILDING,
    DISTRIBUTIONS,
    check_environment,
    quiet_imports,
)

ROOT = Path(__file__).resolve().parents[2]
OPENMMLAB = {module: names[1] for module, names in DISTRIBUTIONS.items()}


@pytest.fixture
def site(tmp_path):
    """Links to everything that torch and mmseg are installed beside, under the maintained names."""
    folder = tmp_path / 'site'
    folder.mkdir()
    for module in ('mmseg', 'torch'):
        for entry in Path(find_spec(module).origin).parents[1].iterdir():
            link = folder / entry.name
            if not link.is_symlink():
                link.symlink_to(entry)
    for names in DISTRIBUTIONS.values():
        for name in names:
            for link in folder.glob(f'{name.replace("-", "_")}-*.dist-info'):
                link.unlink()
        add_distribution(folder, names[0], '1.0')
    return folder


def test_threads_of_openmp_sleep_while_they_wait():
    """As the library says, which reads the policy when it is loaded (issue 19, point 23)."""
    environment = {**os.environ, 'OMP_DISPLAY_ENV': 'TRUE'}
    environment.pop('OMP_WAIT_POLICY', None)
    done = subprocess.run(
        [sys.executable, 'tools/train.py', 'README.md'],
        env=environment, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if 'OPENMP DISPLAY ENVIRONMENT' not in done.stderr:
        pytest.skip('this PyTorch comes without an OpenMP that says what it has read')
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


def remove(site, *names):
    for name in names:
        (site / name).unlink()
        shutil.rmtree(next(site.glob(f'onedl_{OPENMMLAB[name]}-*')))


def replace(site, module, source):
    (site / module).unlink()
    (site / module).mkdir()
    (site / module / '__init__.py').write_text(source)


def add_distribution(site, name, version):
    folder = site / f'{name.replace("-", "_")}-{version}.dist-info'
    folder.mkdir()
    (folder / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')


def error_of_import(site):
    """Import the package with nothing but ``site`` installed and return the last line printed."""
    done = subprocess.run(
        [sys.executable, '-S', '-c', 'import ktda_mmseg'],
        env={**os.environ, 'PYTHONPATH': f'{site}{os.pathsep}{ROOT}'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    return done.stderr.splitlines()[-1].removeprefix('ImportError: ')


def says(problem, command):
    return f'ktda_mmseg cannot be imported: {problem}; repair it with `{command}`'


def test_missing_packages_are_named(site):
    remove(site, 'mmcv', 'mmpretrain')
    assert error_of_import(site) == says(
        'there is no mmcv and no mmpretrain', 'pip install onedl-mmcv onedl-mmpretrain'
    )


def test_the_folder_that_an_uninstalled_package_leaves_is_no_package(site):
    remove(site, 'mmseg')
    (site / 'mmseg' / '.mim').mkdir(parents=True)
    assert error_of_import(site) == says('there is no mmseg', 'pip install onedl-mmsegmentation')


def test_the_family_that_is_installed_is_completed(site):
    remove(site, *OPENMMLAB)
    for module in ('mmengine', 'mmseg', 'mmpretrain'):
        add_distribution(site, OPENMMLAB[module], '1.0')
        (site / module).mkdir()
        (site / module / '__init__.py').touch()
    command = f'{BUILDING} "mmcv>=2.0.0,<2.2.0"'
    assert error_of_import(site) == says('there is no mmcv', command)


def test_missing_torchvision(site):
    (site / 'torchvision').unlink()
    assert error_of_import(site) == says('there is no torchvision', 'pip install torchvision')


@pytest.mark.parametrize('other', ['mmcv', 'mmcv-lite'])
def test_two_distributions_of_one_module(site, other):
    add_distribution(site, other, '2.1.0')
    onedl = 'onedl-mmengine onedl-mmcv onedl-mmsegmentation onedl-mmpretrain'
    installed = onedl.replace('onedl-mmcv', f'onedl-mmcv {other}')
    assert error_of_import(site) == says(
        f'onedl-mmcv and {other} are both installed and overwrite each other',
        f'pip uninstall -y {installed} && pip install {onedl}',
    )


@pytest.mark.parametrize(
    ('source', 'reason'),
    [
        (
            'raise RuntimeError("operator torchvision::nms does not exist")',
            'operator torchvision::nms does not exist',
        ),
        ('raise OSError("undefined symbol:\\n x")', 'undefined symbol: x'),
        ('class Model(None): ...', 'NoneType takes no arguments'),
    ],
)
def test_a_torchvision_that_cannot_load(site, source, reason):
    replace(site, 'torchvision', source)
    assert error_of_import(site) == says(
        f'torchvision cannot load beside the packages installed ({reason})',
        'pip install --force-reinstall torch torchvision',
    )


def test_a_module_that_others_need_is_what_to_install(site):
    """Not declared by who imports it, as ftfy by the original mmpretrain."""
    replace(site, 'mmpretrain', 'import nowhere.to_be_found')
    assert error_of_import(site) == says(
        "mmpretrain.models cannot load beside the packages installed (No module named 'nowhere')",
        'pip install nowhere',
    )


def test_a_version_check_of_a_dependency_is_repaired_not_hidden(site):
    remove(site, *OPENMMLAB)
    for module, name in OPENMMLAB.items():
        add_distribution(site, name, '1.0')
        (site / module).mkdir()
        (site / module / '__init__.py').touch()
    refusal = 'MMCV==2.2.0 is used but incompatible. Please install mmcv>=2.0.0rc4.'
    (site / 'mmseg' / '__init__.py').write_text(f'raise AssertionError({refusal!r})')
    replace(site, 'torchvision', '')
    assert error_of_import(site) == says(
        f'mmseg.models cannot load beside the packages installed ({refusal})',
        f'{BUILDING} --upgrade mmengine "mmcv>=2.0.0,<2.2.0" mmsegmentation mmpretrain',
    )


def test_mmseg_beside_mmcv_without_ops(site):
    remove(site, *OPENMMLAB)
    for name in ('mmengine', 'mmcv-lite', 'mmsegmentation', 'mmpretrain'):
        add_distribution(site, name, '1.0')
    for module in OPENMMLAB:
        (site / module).mkdir()
        (site / module / '__init__.py').touch()
    (site / 'mmseg' / 'models.py').write_text('import mmcv._ext')
    replace(site, 'torchvision', '')
    assert error_of_import(site) == says(
        "mmseg.models cannot load beside the packages installed (No module named 'mmcv._ext')",
        'pip uninstall -y mmcv-lite && '
        f'{BUILDING} --upgrade mmengine "mmcv>=2.0.0,<2.2.0" mmsegmentation mmpretrain',
    )


def test_the_check_does_not_read_through_all_packages(monkeypatch):
    monkeypatch.delattr('importlib.metadata.distributions')
    check_environment()


def test_only_the_known_notice_is_kept_off_the_screen(capsys):
    with quiet_imports():
        print('Could not import OneDL')
        print('something else')
    assert capsys.readouterr().out == 'something else\n'


def test_import_leaves_the_screen_clean():
    done = subprocess.run(
        [sys.executable, '-c', 'import ktda_mmseg'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, '')
    assert 'MultiScaleDeformableAttention' not in done.stderr
