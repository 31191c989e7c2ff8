"""Where, when and with what something was measured."""

import platform
import time
from datetime import date
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.utils.dl_utils import collect_env

from ktda_mmseg.version import __version__

MODULES = ('torch', 'numpy', 'timm', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain')


def machine() -> dict[str, str]:
    """Tell where a measurement is made, with versions and date."""
    device = torch.cuda.get_device_name() if get_device() == 'cuda' else _processor()
    return {
        'device': device,
        'threads': str(torch.get_num_threads()),
        'torch': torch.__version__,
        'python': platform.python_version(),
        'date': date.today().isoformat(),
    }


def environment() -> dict[str, dict[str, str]]:
    """Tell all of a machine that may matter: what mmengine collects, packages, and the device."""
    collected = {name: str(value) for name, value in collect_env().items()}
    return dict(machine=machine(), versions=versions(), collected=collected)


def described(content: dict[str, Any]) -> str:
    """Say in a sentence on which machine the content of a JSON file was measured."""
    at = content['machine']
    return (
        f'{at["device"]}, {at["threads"]} threads, torch {at["torch"]}, Python {at["python"]}, '
        f'{at["date"]}.'
    )


def matrix_products(side: int = 8192, repeats: int = 10) -> dict[str, float]:
    """Measure how many operations a second products of square matrices reach, by precision.

    A multiplication and an addition are two operations. In 'fp32' PyTorch's settings decide
    whether TensorFloat-32 is used, as they do in a step.
    """
    found = {}
    for name, dtype in dict(fp32=torch.float32, bf16=torch.bfloat16, fp16=torch.float16).items():
        matrix = torch.ones(side, side, dtype=dtype, device=get_device())
        matrix @ matrix
        synchronise()
        start = time.perf_counter()
        for _ in range(repeats):
            matrix @ matrix
        synchronise()
        found[name] = 2 * side**3 * repeats / (time.perf_counter() - start)
    return found


def synchronise() -> None:
    """Wait for what a GPU still computes."""
    if get_device() == 'cuda':
        torch.cuda.synchronize()


def versions() -> dict[str, str]:
    """Tell the versions of this package and those it stands on, by the name pip knows."""
    installed = packages_distributions()
    names = {name for module in MODULES for name in installed.get(module, ())}
    return {'ktda_mmseg': __version__, **{name: version(name) for name in sorted(names)}}


def _processor() -> str:
    info = Path('/proc/cpuinfo')
    names = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(': ')[1] for line in names if line.startswith('model name')]
    return models[0] if models else platform.processor()
