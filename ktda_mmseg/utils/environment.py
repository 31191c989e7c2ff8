"""The packages this one stands on, checked at import: one sentence and the command that repairs."""

import contextlib
import importlib
import io
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

# import name -> what pip installs for it: the maintained family, the original, and its build
# without compiled ops, beside which mmseg cannot load
DISTRIBUTIONS = {
    'mmengine': ('onedl-mmengine', 'mmengine', 'mmengine-lite'),
    'mmcv': ('onedl-mmcv', 'mmcv', 'mmcv-lite'),
    'mmseg': ('onedl-mmsegmentation', 'mmsegmentation'),
    'mmpretrain': ('onedl-mmpretrain', 'mmpretrain'),
}
# mmsegmentation 1.2.2 asserts this range
PINS = {'mmcv': '"mmcv>=2.0.0,<2.2.0"'}
# mmcv is compiled beside torch, by a setuptools that still has pkg_resources
BUILDING = 'pip install "setuptools<80" wheel ninja && pip install --no-build-isolation'


def check_environment() -> None:
    """Import the packages that this one needs, or say which command makes them importable.

    Versions are not compared: what loads is welcome. Two distributions of one module overwrite each
    other and are refused.
    """
    _require({name: name for name in ('torch', 'torchvision')})
    found = {module: [*filter(_is_installed, DISTRIBUTIONS[module])] for module in DISTRIBUTIONS}
    installed = [name for names in found.values() for name in names]
    onedl, originals = ({m: names[i] for m, names in DISTRIBUTIONS.items()} for i in (0, 1))
    for names in found.values():
        if len(names) > 1:
            raise _refusal(
                f'{" and ".join(names)} are both installed and overwrite each other',
                f'pip uninstall -y {" ".join(installed)} && {_install(onedl.values())}',
            )
    family = originals if set(originals.values()) & set(installed) else onedl
    _require(family)
    lite = [name for name in installed if name.endswith('-lite')]
    repair = f'pip uninstall -y {" ".join(lite)} && ' if lite else ''
    repair += _install(['--upgrade', *family.values()])
    _import('torchvision', 'pip install --force-reinstall torch torchvision')
    # not quiet: its progress bars keep the stdout that they meet at import
    _import('mmengine', repair)
    with quiet_imports():
        for module in ('mmcv', 'mmseg.models', 'mmpretrain.models'):
            _import(module, repair)


def describe() -> str:
    """Return versions, of the package, its family and torch, and the device, in three lines."""
    import torch
    from mmengine.device import get_device

    from ..version import __version__

    names = [name for group in DISTRIBUTIONS.values() for name in group if _is_installed(name)]
    family = ', '.join(f'{name} {version(name)}' for name in names)
    device = get_device()
    found = f'cuda, {torch.cuda.get_device_name()}' if device == 'cuda' else device
    return f'ktda_mmseg {__version__}\n{family}\ntorch {torch.__version__} on {found}'


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


def _require(distributions: dict[str, str]) -> None:
    """Refuse to go on without modules, of which the distributions are named."""
    specs = {module: find_spec(module) for module in distributions}
    # an uninstalled package may leave a folder, which Python takes for a namespace package
    missing = [module for module, spec in specs.items() if spec is None or spec.origin is None]
    if missing:
        command = _install(distributions[module] for module in missing)
        raise _refusal(f'there is no {" and no ".join(missing)}', command)


def _is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


def _import(module: str, command: str) -> None:
    try:
        importlib.import_module(module)
    # torchvision's ops fail with any of these, OpenMMLab's version checks with AssertionError,
    # mmpretrain's multimodal models, which load where pycocotools is, with TypeError
    except (ImportError, RuntimeError, OSError, AttributeError, AssertionError, TypeError) as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        problem = f'{module} cannot load beside the packages installed ({reason})'
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        # OpenMMLab's packages do not declare all that they import
        if missing and missing.partition('.')[0] not in (*DISTRIBUTIONS, 'torchvision'):
            command = _install([missing.partition('.')[0]])
        raise _refusal(problem, command) from error


def _install(distributions: Iterable[str]) -> str:
    wanted = [PINS.get(name, name) for name in distributions]
    command = BUILDING if PINS['mmcv'] in wanted else 'pip install'
    return f'{command} {" ".join(wanted)}'


def _refusal(problem: str, command: str) -> ImportError:
    return ImportError(f'ktda_mmseg cannot be imported: {problem}; repair it with `{command}`')
