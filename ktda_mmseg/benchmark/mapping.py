"""Two ways to map a whole scene with the same windows: this package's and mmseg's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmseg.structures import SegDataSample

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.strips import predict_strips
from ktda_mmseg.scenes.map.torch_predictor import StoredToProbabilities, TorchPredictor
from ktda_mmseg.scenes.map.windows import Grid

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
