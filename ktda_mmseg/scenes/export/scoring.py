"""The mIoU of a predictor on labelled tiles, by mmseg's own metric."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmengine.utils import track_iter_progress

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.map.evaluation import read_truth
from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.strips import predict_strips
from ktda_mmseg.scenes.map.windows import Grid
from ktda_mmseg.utils.scores import class_scores, confusion_matrix


def mean_iou(predictor: Predictor, tiles: Mapping[Path, Path]) -> float:
    """Score a predictor on whole tiles, predicted by overlapping windows.

    Args:
        predictor (Predictor): The model.
        tiles (Mapping[Path, Path]): The mask of each tile, on its grid: labels, and 255 where
            there is none.

    Returns:
        float: mIoU over the classes that occur, in percent.

    Raises:
        ValueError: If a file cannot be read, or a mask is not of the size of its tile.
    """
    classes = len(predictor.card.classes)
    matrix = np.zeros((classes, classes), np.int64)
    for tile, mask in track_iter_progress(list(tiles.items())):
        found = _labels(predictor, tile)
        with open_raster(mask) as raster:
            if raster.shape != found.shape:
                raise ValueError(f'{mask}: expected {found.shape} as {tile}, got {raster.shape}')
            expected = read_truth(raster, Window(0, 0, *found.shape), classes)
        matrix += confusion_matrix(expected, found, classes)
    return float(np.nanmean(class_scores(matrix)['IoU']) * 100)


def _labels(predictor: Predictor, tile: Path) -> np.ndarray:
    window = predictor.card.window
    with SceneReader(tile, predictor.card) as reader:
        grid = Grid(reader.profile.height, reader.profile.width, window, min(window) // 4)
        strips = predict_strips(reader, predictor, grid, 0, len(grid.strips), batch_size=8)
        return np.concatenate([strip.probabilities.argmax(0) for strip in strips])
