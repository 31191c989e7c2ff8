"""Scores of a finished map."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmseg.evaluation import IoUMetric

from ktda_mmseg.datasets.preparation.raster_io import open_raster, read_valid, read_window
from ktda_mmseg.datasets.preparation.tiling import Window

from .card import ModelCard
from .strips import NODATA

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

ROWS = 512  # read at once, those of a map's tiles
APART = 0.01  # pixels by which corners may lie apart that were rounded on their way


def evaluate(labels: Path, reference: Path, card: ModelCard) -> dict[str, float]:
    """Score a map with mmseg's IoUMetric, fed row by row.

    What has no data in the map or in the reference does not count, nor do its labels of 255.

    Args:
        labels (Path): The map.
        reference (Path): True labels as a raster of one band on the same grid; one without CRS and
            transform need only be of the same size.
        card (ModelCard): Names of the classes.

    Returns:
        dict[str, float]: 'aAcc', 'mIoU' and 'mAcc', and 'IoU.' with the name of each class, in
        percent; NaN where there is nothing to count.

    Raises:
        FileNotFoundError: If a file is not there.
        ImportError: If rasterio is not installed.
        ValueError: If the reference lies on another grid, holds what is no label or is damaged.
    """
    return evaluate_all([(labels, reference)], card)


def evaluate_all(pairs: Iterable[tuple[Path, Path]], card: ModelCard) -> dict[str, float]:
    """Score maps together; see :func:`evaluate`.

    Args:
        pairs (Iterable[tuple[Path, Path]]): Each a map and its reference.
        card (ModelCard): Names of the classes.

    Returns:
        dict[str, float]: As of one map, over all pixels of all.
    """
    metric = IoUMetric()
    metric.dataset_meta = {'classes': card.classes}
    for labels, reference in pairs:
        with open_raster(labels) as found, open_raster(reference) as wanted:
            _require_same_grid(found, wanted)
            for first in range(0, found.height, ROWS):
                window = Window(first, 0, min(ROWS, found.height - first), found.width)
                truth = read_truth(wanted, window, len(card.classes))
                _count(metric, read_window(found, window)[0], truth)
    # not `evaluate`, which waits for all ranks
    scores = metric.compute_metrics(metric.results)
    intersections, unions = (sum(counts) for counts in list(zip(*metric.results, strict=True))[:2])
    for name, share in zip(card.classes, intersections / unions, strict=True):
        scores[f'IoU.{name}'] = round(100 * float(share), 2)
    return {name: float(score) for name, score in scores.items()}


def _count(metric: IoUMetric, pixels: np.ndarray, truth: np.ndarray) -> None:
    truth[pixels == NODATA] = metric.ignore_index
    sample = dict(
        pred_sem_seg=dict(data=torch.from_numpy(pixels)),
        gt_sem_seg=dict(data=torch.from_numpy(truth)),
    )
    metric.process({}, [sample])
    # sums of float32 would be wrong from 16 million pixels on
    metric.results[-1] = tuple(count.double() for count in metric.results[-1])


def read_truth(raster: DatasetReader, window: Window, classes: int) -> np.ndarray:
    """Read true labels.

    Args:
        raster (DatasetReader): An open raster of one band.
        window (Window): The part to read.
        classes (int): How many there are.

    Returns:
        np.ndarray: (height, width), uint8; 255 where there is no label.

    Raises:
        ValueError: If it holds what is no label or is damaged.
    """
    values = read_window(raster, window)
    valid = read_valid(raster, values, window, [1])
    labels = np.where(valid, values[0], NODATA)
    wrong = ~np.isin(labels, [*range(classes), NODATA])
    if wrong.any():
        raise ValueError(
            f'{raster.name}: expected labels from 0 to {classes - 1} and {NODATA} for those to '
            f'ignore, found {labels[wrong][0]}'
        )
    return labels.astype(np.uint8)


def _require_same_grid(found: DatasetReader, wanted: DatasetReader) -> None:
    expected, got = (
        f'{raster.height}x{raster.width}, {raster.crs}, {tuple(raster.transform)[:6]}'
        for raster in (found, wanted)
    )
    unplaced = wanted.crs is None and wanted.transform.is_identity
    same = found.shape == wanted.shape and wanted.count == 1
    if same and not unplaced:
        corners = np.array([(0, 0), (1, 0), (0, 1), (1, 1)]) * (found.width, found.height)
        moved = [~found.transform * (wanted.transform * (float(x), float(y))) for x, y in corners]
        same = found.crs == wanted.crs and np.abs(moved - corners).max() < APART
    if not same:
        raise ValueError(
            f"{wanted.name}: expected one band of labels on the map's grid ({expected}), found "
            f'{wanted.count} on {got}'
        )
