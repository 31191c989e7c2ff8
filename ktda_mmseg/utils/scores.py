"""The one way to score labels: confusion matrices, and what mmseg's IoUMetric makes of them."""

import numpy as np
import torch
from mmseg.evaluation import IoUMetric
from torch import Tensor


def confusion_matrix(
    truth: np.ndarray, found: np.ndarray, classes: int, ignore: int = 255
) -> np.ndarray:
    """Count pixels (K, K), true classes in rows; ``ignore`` and what is no class do not count."""
    counted = (truth < classes) & (truth != ignore)
    pairs = truth[counted].astype(np.int64) * classes + found[counted]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def areas_of(matrix: np.ndarray) -> tuple[Tensor, ...]:
    """Return what IoUMetric keeps of an image: intersection, union, found and true pixels (K,).

    In float64: sums of mmseg's own, in float32, are wrong from 16 million pixels on.
    """
    hits, truth, found = (
        torch.from_numpy(counts).double()
        for counts in (matrix.diagonal().copy(), matrix.sum(1), matrix.sum(0))
    )
    return hits, truth + found - hits, found, truth


def class_scores(matrix: np.ndarray, absent: float | None = None) -> dict[str, np.ndarray]:
    """Return mmseg's scores from 0 to 1: 'aAcc', and by class 'IoU', 'Acc', 'Fscore' and so on.

    Of a class with nothing to count they are NaN, or ``absent``.
    """
    return IoUMetric.total_area_to_metrics(
        *areas_of(matrix), ['mIoU', 'mFscore'], nan_to_num=absent
    )
