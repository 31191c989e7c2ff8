"""The packages this one stands on, checked at import: one sentence and the command that repairs."""

import contextlib
import importlib
import io
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

# import name -> what pip installs for it, in the two families that provide the same modules
ONEDL = {
    'mmengine': 'onedl-mmengine',
    'mmcv': 'onedl-mmcv',
    'mmseg': 'onedl-mmsegmentation',
    'mmpretrain': 'onedl-mmpretrain',
}
OPENMMLAB = {
    'mmengine': 'mmengine',
    'mmcv': 'mmcv',
    'mmseg': 'mmsegmentation',
    'mmpretrain': 'mmpretrain',
}
# OpenMMLab's builds without compiled ops; its mmseg cannot load beside that of mmcv
LITE = {'mmengine': 'mmengine-lite', 'mmcv': 'mmcv-lite'}
# mmsegmentation 1.2.2 asserts this range
PINS = {'mmcv': '"mmcv>=2.0.0,<2.2.0"'}


def check_environment() -> None:
    """Import the packages that this one needs, or say which command makes them importable.

    Versions are not compared: what loads is welcome.
    """
    missing = [name for name in ('torch', 'torchvision') if not _is_importable(name)]
    if missing:
        raise ImportError(_absence(missing, _install(missing)))
    installed = {module: _distributions(module) for module in ONEDL}
    for found in installed.values():
        if len(found) > 1:
            unwanted = [name for names in installed.values() for name in names]
            raise ImportError(
                _sentence(
                    f'{" and ".join(found)} are both installed and overwrite each other',
                    f'pip uninstall -y {" ".join(unwanted)} && {_install(ONEDL.values())}',
                )
            )
    family = OPENMMLAB if any(OPENMMLAB[m] in installed[m] for m in ONEDL) else ONEDL
    missing = [module for module in ONEDL if not _is_importable(module)]
    if missing:
        raise ImportError(_absence(missing, _install([family[module] for module in missing])))
    lite = [LITE[module] for module in LITE if LITE[module] in installed[module]]
    remove = f'pip uninstall -y {" ".join(lite)} && ' if lite else ''
    repair = f'{remove}{_install(family.values(), "--upgrade ")}'
    _import('torchvision', 'pip install --force-reinstall torch torchvision')
    # not quiet: its progress bars keep the stdout that they meet at import
    _import('mmengine', repair)
    with quiet_imports():
        for module in ('mmcv', 'mmseg.models', 'mmpretrain.models'):
            _import(module, repair)


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep notices off the screen that the OpenMMLab packages give at import and that mean nothing.

    All other output passes.
    """
    # a compiled op that no KTDA model uses
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
    held = io.StringIO()
    try:
        # mmseg prints, as there is no logger yet; the notice is about a data set format
        with contextlib.redirect_stdout(held):
            yield
    finally:
        for line in held.getvalue().splitlines(keepends=True):
            if line.strip() != 'Could not import OneDL':
                sys.stdout.write(line)


def _is_importable(module: str) -> bool:
    spec = find_spec(module)
    # an uninstalled package may leave a folder, which Python takes for a namespace package
    return spec is not None and spec.origin is not None


def _distributions(module: str) -> list[str]:
    names = [family[module] for family in (ONEDL, OPENMMLAB, LITE) if module in family]
    return [name for name in names if _is_installed(name)]


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _import(module: str, command: str) -> None:
    try:
        importlib.import_module(module)
    # torchvision's ops fail with any of these, OpenMMLab's version checks with AssertionError,
    # mmpretrain's multimodal models, which load where pycocotools is, with TypeError
    except (ImportError, RuntimeError, OSError, AttributeError, AssertionError, TypeError) as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImportError(
            _sentence(f'{module} cannot load beside the packages installed ({reason})', command)
        ) from error


def _install(distributions: Iterable[str], option: str = '') -> str:
    return f'pip install {option}{" ".join(PINS.get(name, name) for name in distributions)}'


def _absence(modules: list[str], command: str) -> str:
    return _sentence(f'there is no {" and no ".join(modules)}', command)


def _sentence(problem: str, command: str) -> str:
    return f'ktda_mmseg cannot be imported: {problem}; repair it with `{command}`'
