"""What is kept of a cell: a JSON file that the tables are made of, and the log of its training."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np

from ktda_mmseg.studies.curves import Curve
from ktda_mmseg.utils.files import json_text, write_atomic
from ktda_mmseg.version import __version__

POINTS = 25  # kept of a curve
MODULES = ('torch', 'numpy', 'timm', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain')
UNKEPT = {'iter', 'time', 'data_time', 'memory', 'lr', 'base_lr'}
# messages and tables; not the config and the environment, which are known and name machines, nor
# how far a validation is
KEPT = re.compile(r'\d{4}/\d\d/\d\d (?!.* Iter\(val\) .* eta: )|[|+]')
FOLDERS = (f'{Path.cwd()}/', f'{sys.prefix}/', f'{Path.home()}/')


def write_result(path: Path, content: dict[str, Any], log: str) -> None:
    """Write a cell's result and, before it, its log; the result tells that both are there.

    Args:
        path (Path): The JSON file; the log has the suffix ``.log``.
        content (dict): What to keep, one line a key.
        log (str): Text of the log.
    """
    write_atomic(path.with_suffix('.log'), log.encode())
    lines = ',\n'.join(f'"{key}": {json_text(value)}' for key, value in content.items())
    write_atomic(path, f'{{\n{lines}\n}}\n'.encode())


def thinned(curves: dict[str, Curve]) -> dict[str, list[list[float]]]:
    """Keep a few points of each curve, first and last among them.

    Args:
        curves (dict): Values by iteration, by name.

    Returns:
        dict[str, list[list[float]]]: Pairs of iteration and value, to five digits, by name.
    """
    kept = {}
    for name in sorted(curves.keys() - UNKEPT):
        points = sorted(curves[name].items())
        chosen = np.unique(np.linspace(0, len(points) - 1, min(POINTS, len(points))).astype(int))
        kept[name] = [[points[i][0], float(f'{points[i][1]:.5g}')] for i in chosen]
    return kept


def training_log(folder: Path) -> str:
    """Join the logs of all parts of a run, without what names the machine.

    Args:
        folder (Path): Work folder of the run.

    Returns:
        str: Messages and tables, line by line.
    """
    return ''.join(f'{line}\n' for log in sorted(folder.glob('*/*.log')) for line in _lines(log))


def _lines(log: Path) -> Iterator[str]:
    for line in log.read_text(errors='replace').splitlines():
        if KEPT.match(line):
            for folder in FOLDERS:
                line = line.replace(folder, '')
            yield line.rstrip()


def versions() -> dict[str, str]:
    """Tell the versions of this package and those it stands on, by the name pip knows."""
    installed = packages_distributions()
    names = {name for module in MODULES for name in installed.get(module, ())}
    return {'ktda_mmseg': __version__, **{name: version(name) for name in sorted(names)}}
