"""How fast a whole scene is mapped, beside mmseg's own sliding windows."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.utils import track_iter_progress
from mmseg.structures import SegDataSample

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.strips import predict_strips
from ktda_mmseg.scenes.map.torch_predictor import StoredToProbabilities, TorchPredictor
from ktda_mmseg.scenes.map.windows import Grid
from ktda_mmseg.utils.files import write_json

from .machine import described, machine
from .timing import own_process

Mapper = Callable[[], np.ndarray]  # returns labels (H, W), uint8


class SceneTask(NamedTuple):
    """What is mapped: files, pixels that neighbouring windows share, and windows at once.

    The scene fits into memory with a score for each class. mmseg takes one window at once.
    """

    config: Path
    checkpoint: Path
    scene: Path
    overlap: int
    batch_size: int


def blended(task: SceneTask) -> Mapper:
    """Prepare this package's way: read by rows, predict in batches, blend; no file is written."""
    predictor = TorchPredictor(task.config, task.checkpoint)
    card = predictor.card
    predictor(np.zeros((task.batch_size, len(card.bands), *card.window), np.float32))

    def run() -> np.ndarray:
        with SceneReader(task.scene, card) as reader:
            grid = Grid(reader.profile.height, reader.profile.width, card.window, task.overlap)
            return map_labels(reader, predictor, grid, task.batch_size)

    return run


def map_labels(
    reader: SceneReader, predictor: Predictor, grid: Grid, batch_size: int
) -> np.ndarray:
    """Map a whole scene in memory to labels ``(H, W)``, uint8."""
    with ThreadPoolExecutor(1) as thread:
        strips = predict_strips(reader, predictor, grid, 0, len(grid.strips), batch_size, thread)
        return np.concatenate([strip.probabilities.argmax(0).astype(np.uint8) for strip in strips])


def sliding(task: SceneTask) -> Mapper:
    """Prepare mmseg's way: ``test_cfg.mode='slide'`` on a scene that is in memory already."""
    config, model, meta, *_ = load_deployed(task.config, task.checkpoint, drop_auxiliary=True)
    card = ModelCard.of(config, meta)
    with SceneReader(task.scene, card) as reader:
        values, _ = reader.read_rows(0, reader.profile.height)
    stride = tuple(side - task.overlap for side in card.window)
    model.test_cfg.update(mode='slide', crop_size=card.window, stride=stride)
    network = StoredToProbabilities(model, card).eval()
    network(torch.zeros(1, len(card.bands), *card.window))
    size = values.shape[1:]
    meta_info = dict(img_shape=size, ori_shape=size, pad_shape=size)

    @torch.inference_mode()
    def run() -> np.ndarray:
        inputs = (torch.from_numpy(values)[None] - network.mean) / network.std
        result = model.predict(inputs, [SegDataSample(metainfo=meta_info)])[0]
        return result.pred_sem_seg.data[0].to(torch.uint8).numpy()

    return run


MAPPERS = {'blended': blended, 'mmseg slide': sliding}


class SceneSpeed(NamedTuple):
    """What was measured."""

    task: SceneTask
    pixels: int  # of the scene
    seconds: dict[str, list[float]]  # of each run, by the name in MAPPERS
    agreement: float  # share of the pixels to which both give the same label
    load: float  # processes that ran or waited in the last minute, before it began

    @property
    def ratio(self) -> float:
        """Median of how many times faster runs are than mmseg's next to them."""
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
        speed = cls(SceneTask(**content['task']), *(content[name] for name in cls._fields[1:]))
        task = speed.task
        return '\n'.join(
            [
                f'\n## Mapping {task.scene} with {task.config}\n',
                f"This package's windows (`blended`) beside mmseg's (`slide`), {task.overlap} "
                'pixels of overlap, in turn, each in a process of its own, fp32. '
                f'{described(content)} Measurements: `{path.parent.name}/{path.name}`.\n',
                *(f'- {line}' for line in str(speed).splitlines()),
            ]
        )


def measure_scene(task: SceneTask, repeats: int) -> SceneSpeed:
    """Map a scene both ways in turn, each in a process of its own.

    Models are loaded and have run once before. Let nothing else run meanwhile: PyTorch's threads
    wait for each other, so that a busy core holds up mmseg more than this package.

    Args:
        task (SceneTask): What to map.
        repeats (int): Timed runs of each, at least 1.

    Returns:
        SceneSpeed: The measurement.

    Raises:
        ValueError: If ``repeats`` is below 1, or what the files hold does not fit.
        FileNotFoundError: If a file is missing.
        RuntimeError: If memory runs out.
    """
    if repeats < 1:
        raise ValueError(f'expected repeats of at least 1, got {repeats}')
    load = os.getloadavg()[0]
    labels: dict[str, np.ndarray] = {}
    seconds: dict[str, list[float]] = {name: [] for name in MAPPERS}
    with ExitStack() as stack:
        # PyTorch's threads are set for a whole process
        runs = {
            name: stack.enter_context(own_process(name, _timed, name, task)) for name in MAPPERS
        }
        for _ in track_iter_progress(range(repeats)):
            for name, run in runs.items():
                spent, labels[name] = run()
                seconds[name].append(spent)
    ours, theirs = labels.values()
    return SceneSpeed(task, ours.size, seconds, float((ours == theirs).mean()), load)


def _timed(name: str, task: SceneTask) -> Callable[[], tuple[float, np.ndarray]]:
    mapper = MAPPERS[name](task)

    def run() -> tuple[float, np.ndarray]:
        start = time.perf_counter()
        labels = mapper()
        return time.perf_counter() - start, labels

    return run
