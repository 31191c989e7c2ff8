"""How fast a whole scene is mapped, beside mmseg's own sliding windows."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.logging import MMLogger
from mmengine.utils import track_iter_progress
from mmseg.structures import SegDataSample

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.fileio import write_atomic
from ktda_mmseg.inference.blending import predict_strips
from ktda_mmseg.inference.card import ModelCard
from ktda_mmseg.inference.predictor import Predictor
from ktda_mmseg.inference.reading import SceneReader
from ktda_mmseg.inference.torch_predictor import StoredToProbabilities, TorchPredictor
from ktda_mmseg.inference.windows import Grid

from .table import machine

Mapper = Callable[[], np.ndarray]  # returns labels (H, W), uint8


class Task(NamedTuple):
    """What both map.

    Attributes:
        config (Path): Config of the model.
        checkpoint (Path): Its weights.
        scene (Path): A raster that fits into memory with a score for each class.
        overlap (int): Pixels that neighbouring windows share.
        batch_size (int): Windows at once; mmseg takes one.
    """

    config: Path
    checkpoint: Path
    scene: Path
    overlap: int
    batch_size: int


def blended(task: Task) -> Mapper:
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
    """Map a whole scene in memory.

    Args:
        reader (SceneReader): The scene.
        predictor (Predictor): The model.
        grid (Grid): Windows of the scene.
        batch_size (int): Windows at once.

    Returns:
        np.ndarray: Labels ``(H, W)``, uint8.
    """
    strips = predict_strips(reader, predictor, grid, 0, len(grid.strips), batch_size)
    return np.concatenate([strip.probabilities.argmax(0).astype(np.uint8) for strip in strips])


def sliding(task: Task) -> Mapper:
    """Prepare mmseg's way: ``test_cfg.mode='slide'`` on a scene that is in memory already."""
    config, model, meta, _ = load_deployed(task.config, task.checkpoint, drop_auxiliary=True)
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
        """Write it as JSON, with the machine."""
        task = {name: str(value) for name, value in self.task._asdict().items()}
        content: dict[str, Any] = {**self._asdict(), 'task': task}
        content |= {'ratio': self.ratio, 'machine': machine()}
        write_atomic(path, json.dumps(content, indent=1).encode())


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
