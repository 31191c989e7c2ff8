"""Scores of a finished map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mmseg.evaluation import IoUMetric

from ktda_mmseg.raster.files import (
    Georeference,
    open_raster,
    read_valid,
    read_window,
    same_grid,
)
from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.label_map import LabelMap
from ktda_mmseg.scenes.prepare.raster_labels import RasterLabels
from ktda_mmseg.scenes.prepare.scenes import read_scenes
from ktda_mmseg.utils.scores import areas_of, class_scores, confusion_matrix
from ktda_mmseg.utils.tables import SHOWN

from .card import ModelCard
from .strips import NODATA

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

ROWS = 512  # read at once, those of a map's tiles
OTHER = 'labelled 255'
HINT = 'predict_scene.py takes other labels, and colours, by --classes'


def evaluate(
    pairs: Iterable[tuple[Path, Path]], card: ModelCard, classes: LabelMap | None = None
) -> dict[str, float]:
    """Score maps together, by mmseg's IoUMetric, read by rows.

    What has no data in the map or in the reference does not count, nor do its labels of 255, or
    what a label map ignores. How much that is, and which classes no pixel of the reference has, is
    printed.

    Args:
        pairs (Iterable[tuple[Path, Path]]): Each a map, and its true labels as a raster of one band
            on the same grid; one without CRS and transform need only be of the same size.
        card (ModelCard): Names of the classes.
        classes (LabelMap | None): What the values or colours of the references mean; None if they
            are the model's labels. Default: None.

    Returns:
        dict[str, float]: 'aAcc', 'mIoU' and 'mAcc', and 'IoU.' with the name of each class, in
        percent; NaN where there is nothing to count.

    Raises:
        FileNotFoundError: If a file is not there.
        ImportError: If rasterio is not installed.
        ValueError: If a reference lies on another grid, holds what is no label or is damaged, or
            ``classes`` has names that the model has not.
    """
    count = len(card.classes)
    matrix = np.zeros((count, count), np.int64)
    ignored: Counter[str] = Counter()
    for labels, reference in pairs:
        with open_raster(labels) as found, _truth(reference, found, card, classes) as truth_of:
            for first in range(0, found.height, ROWS):
                window = Window(first, 0, min(ROWS, found.height - first), found.width)
                truth = truth_of(window, ignored)
                pixels = read_window(found, window)[0]
                empty = (pixels == NODATA) & (truth != NODATA)
                ignored['where the map has no label'] += int(empty.sum())
                truth[empty] = NODATA
                matrix += confusion_matrix(truth, pixels, count)
    metric = IoUMetric()
    metric.dataset_meta = {'classes': card.classes}
    # not `evaluate`, which waits for all ranks
    scores = metric.compute_metrics([areas_of(matrix)])
    _tell(card, matrix.sum(1), ignored)
    for name, share in zip(card.classes, class_scores(matrix)['IoU'], strict=True):
        scores[f'IoU.{name}'] = round(100 * float(share), 2)
    return {name: float(score) for name, score in scores.items()}


@contextmanager
def _truth(
    path: Path, found: DatasetReader, card: ModelCard, classes: LabelMap | None
) -> Iterator[Callable[[Window, Counter[str]], np.ndarray]]:
    """Give what reads the model's labels in a window, and adds what it ignores to a count."""
    with open_raster(path) as wanted:
        _require_same_grid(found, wanted, classes is not None)
        if classes is None:
            yield lambda window, ignored: read_truth(wanted, window, len(card.classes), ignored)
            return
    unknown = [name for name in classes.classes if name not in card.classes]
    if unknown:
        raise ValueError(
            f'{classes.path}: expected names of the classes of the model, {", ".join(card.classes)}'
            f', found {", ".join(unknown)}'
        )
    table = np.full(256, NODATA, np.uint8)
    table[: len(classes.classes)] = [card.classes.index(name) for name in classes.classes]
    (scene,) = read_scenes({'map': Path(found.name)}, [1])
    why = f'where the reference has no data or {classes.path.name} ignores its label'

    with RasterLabels({scene.name: path}, [scene], classes).on(scene) as mask_of:

        def read(window: Window, ignored: Counter[str]) -> np.ndarray:
            truth = table[mask_of(window)]
            ignored[why] += int((truth == NODATA).sum())
            return truth

        yield read


def _tell(card: ModelCard, truths: np.ndarray, ignored: Counter[str]) -> None:
    """Say which classes no pixel of the reference has, and what did not count."""
    absent = [name for name, area in zip(card.classes, truths, strict=True) if not area]
    if absent:
        print(f'note: no pixel of the reference is {", ".join(absent)}')
    count = ignored.total()
    if count:
        share = count / (count + float(truths.sum()))
        parts = ', '.join(
            f'{pixels:,} {why}' for why, pixels in ignored.most_common(SHOWN) if pixels
        )
        hint = '; if 255 is a class, say which by --classes' if absent and ignored[OTHER] else ''
        print(f'note: {count:,} pixels ({share:.1%}) did not count: {parts}{hint}')


def read_truth(
    raster: DatasetReader, window: Window, classes: int, ignored: Counter[str] | None = None
) -> np.ndarray:
    """Read true labels (height, width), uint8, of a raster of one band; 255 where there is none.

    Pixels without a label are added to ``ignored``, by what they hold. What is no label is a
    ``ValueError``.
    """
    values = read_window(raster, window)
    valid = read_valid(raster, values, window, [1])
    labels = np.where(valid, values[0], NODATA)
    wrong = ~np.isin(labels, [*range(classes), NODATA])
    if wrong.any():
        raise ValueError(
            f'{raster.name}: expected labels from 0 to {classes - 1} and {NODATA} for those to '
            f'ignore, found {labels[wrong][0]}; {HINT}'
        )
    if ignored is not None:
        ignored[OTHER] += int((valid & (labels == NODATA)).sum())
        for value, count in zip(*np.unique(values[0][~valid], return_counts=True), strict=True):
            ignored[f'of {value:g}, which is no data'] += int(count)
    return labels.astype(np.uint8)


def _require_same_grid(found: DatasetReader, wanted: DatasetReader, colours: bool) -> None:
    expected, got = (
        f'{raster.height}x{raster.width}, {raster.crs}, {tuple(raster.transform)[:6]}'
        for raster in (found, wanted)
    )
    unplaced = wanted.crs is None and wanted.transform.is_identity
    same = found.shape == wanted.shape and (wanted.count == 1 or colours)
    if same and not unplaced:
        place, other = (Georeference(r.crs, r.transform) for r in (found, wanted))
        same = place.crs == other.crs and same_grid(found.shape, place, wanted.shape, other)
    if not same:
        raise ValueError(
            f"{wanted.name}: expected one band of labels on the map's grid ({expected}), found "
            f'{wanted.count} on {got}' + f'; {HINT}' * (wanted.count > 1)
        )
