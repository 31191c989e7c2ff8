"""What a run logged: curves, and the text of its training."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

Curve = dict[int, float]
POINTS = 25  # kept of a curve
UNKEPT = {'iter', 'time', 'data_time', 'memory', 'lr', 'base_lr'}
# messages and tables; not the config and the environment, which are known and name machines, nor
# how far a validation is
KEPT = re.compile(r'\d{4}/\d\d/\d\d (?!.* Iter\(val\) .* eta: )|[|+]')
FOLDERS = (f'{Path.cwd()}/', f'{sys.prefix}/', f'{Path.home()}/')


def read_scalars(work_dir: Path) -> dict[str, Curve]:
    """Read values by iteration, by name, that mmengine's local backend logged.

    A later part of a resumed run replaces the iterations that it repeats. FileNotFoundError if
    there is no log.
    """
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'expected logs */vis_data/scalars.json in {work_dir}, found none')
    curves: dict[str, Curve] = {}
    for log in logs:
        for line in log.read_text().splitlines():
            record = json.loads(line)
            step = record.pop('step', None)
            for name, value in record.items():
                if step is not None and isinstance(value, int | float):
                    curves.setdefault(name, {})[step] = value
    return curves


def thinned(curves: dict[str, Curve]) -> dict[str, list[list[float]]]:
    """Keep a few pairs of iteration and value of each curve, first and last among them."""
    kept = {}
    for name in sorted(curves.keys() - UNKEPT):
        points = sorted(curves[name].items())
        chosen = np.unique(np.linspace(0, len(points) - 1, min(POINTS, len(points))).astype(int))
        kept[name] = [[points[i][0], float(f'{points[i][1]:.5g}')] for i in chosen]
    return kept


def training_log(work_dir: Path) -> str:
    """Join the logs of all parts of a run, without what names the machine."""
    return ''.join(f'{line}\n' for log in sorted(work_dir.glob('*/*.log')) for line in _lines(log))


def _lines(log: Path) -> Iterator[str]:
    for line in log.read_text(errors='replace').splitlines():
        if KEPT.match(line):
            for folder in FOLDERS:
                line = line.replace(folder, '')
            yield line.rstrip()
