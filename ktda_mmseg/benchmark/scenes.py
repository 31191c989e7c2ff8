"""How fast a whole scene is mapped, beside mmseg's own sliding windows."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import MMLogger
from mmengine.utils import track_iter_progress

from ktda_mmseg.utils.files import write_json

from .mapping import MAPPERS, Mapper, Task
from .table import describe, machine


class SceneSpeed(NamedTuple):
    """What was measured.

    Attributes:
        task (Task): Of what.
        pixels (int): Of the scene.
        seconds (dict[str, list[float]]): Of each run, by the name in ``MAPPERS``.
        agreement (float): Share of the pixels to which both give the same label.
        load (float): Processes that ran or waited in the last minute, before it began.
    """

    task: Task
    pixels: int
    seconds: dict[str, list[float]]
    agreement: float
    load: float

    @property
    def ratio(self) -> float:
        """float: Median of how many times faster runs are than mmseg's next to them."""
        ours, theirs = self.seconds.values()
        return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))

    def __str__(self) -> str:
        """Say it in three lines."""
        lines = [
            f'{name}: median {statistics.median(runs):.1f} s of {len(runs)} '
            f'({min(runs):.1f}-{max(runs):.1f}), '
            f'{self.pixels / statistics.median(runs) / 1e6:.3f} megapixels/s'
            for name, runs in self.seconds.items()
        ]
        found = f'{self.ratio:.1f} times as fast, {self.agreement:.2%} of the labels agree'
        return '\n'.join([*lines, f'{found}; load before: {self.load:.1f}'])

    def write(self, path: Path) -> None:
        """Write it as JSON, with the machine; of files their names only."""
        task = {
            name: value.name if isinstance(value, Path) else value
            for name, value in self.task._asdict().items()
        }
        content: dict[str, Any] = {**self._asdict(), 'task': task}
        content |= {'ratio': self.ratio, 'machine': machine()}
        write_json(path, content, indent=1)

    @classmethod
    def section(cls, path: Path) -> str:
        """Return what :meth:`write` wrote as a section of Markdown."""
        content = json.loads(path.read_text())
        speed = cls(Task(**content['task']), *(content[name] for name in cls._fields[1:]))
        task = speed.task
        lines = [f'- {line}' for line in str(speed).splitlines()]
        return '\n'.join(
            [
                f'\n## Mapping {task.scene} with {task.config}\n',
                f"This package's windows (`blended`) beside mmseg's (`slide`), {task.overlap} "
                'pixels of overlap, in turn, each in a process of its own, fp32. '
                f'{describe(content)} Measurements: `{path.parent.name}/{path.name}`.\n',
                *lines,
            ]
        )


def measure_scene(task: Task, repeats: int) -> SceneSpeed:
    """Map a scene both ways in turn, each in a process of its own.

    Models are loaded and have run once before. Let nothing else run meanwhile: PyTorch's threads
    wait for each other, so that a busy core holds up mmseg more than this package.

    Args:
        task (Task): What to map.
        repeats (int): Timed runs of each, at least 1.

    Returns:
        SceneSpeed: The measurement.

    Raises:
        ValueError: If ``repeats`` is below 1, or what the files hold does not fit.
        FileNotFoundError: If a file is missing.
    """
    if repeats < 1:
        raise ValueError(f'expected repeats of at least 1, got {repeats}')
    load = os.getloadavg()[0]
    context = multiprocessing.get_context('spawn')
    labels: dict[str, np.ndarray] = {}
    seconds: dict[str, list[float]] = {name: [] for name in MAPPERS}
    with ExitStack() as stack:
        # PyTorch's threads are set for a whole process
        processes = {name: stack.enter_context(ProcessPoolExecutor(1, context)) for name in MAPPERS}
        for name, process in processes.items():
            process.submit(_prepare, name, task).result()
        for _ in track_iter_progress(range(repeats)):
            for name, process in processes.items():
                spent, labels[name] = process.submit(_timed, name, task).result()
                seconds[name].append(spent)
    ours, theirs = labels.values()
    return SceneSpeed(task, ours.size, seconds, float((ours == theirs).mean()), load)


@cache
def _mapper(name: str, task: Task) -> Mapper:
    MMLogger.get_current_instance().setLevel('WARNING')
    return MAPPERS[name](task)


def _prepare(name: str, task: Task) -> None:
    _mapper(name, task)


def _timed(name: str, task: Task) -> tuple[float, np.ndarray]:
    run = _mapper(name, task)
    start = time.perf_counter()
    labels = run()
    return time.perf_counter() - start, labels
