"""Scores on the test split, all from one confusion matrix, whole and by image."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric

from ktda_mmseg.utils.scores import class_scores, confusion_matrix


class Scores(NamedTuple):
    """Scores in percent."""

    mIoU: float
    OA: float  # share of the pixels that are right
    mF1: float
    IoU: list[float]  # by class
    F1: list[float]


def scores_of(matrix: np.ndarray) -> Scores:
    """Score a confusion matrix ``(K, K)`` of pixel counts, true classes in rows, as mmseg does.

    A class that is never predicted, or is absent, counts 0 in the means. mmseg leaves it out of
    its means, so that a model which ignores a hard class looks better for it.
    """
    scores = class_scores(matrix, absent=0)
    iou, f1 = 100 * scores['IoU'], 100 * scores['Fscore']
    return Scores(
        float(iou.mean()), 100 * float(scores['aAcc']), float(f1.mean()), iou.tolist(), f1.tolist()
    )


class ConfusionByImage(BaseMetric):
    """A confusion matrix for each image; pixels of 255, and those of no class, do not count.

    ``compute_metrics`` returns the scores of all, ``matrix``, a list ``(K, K)`` with true classes
    in rows, and ``images``, the mIoU of each image in percent, in the order of the data set.
    """

    default_prefix = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:  # noqa: ANN401
        """Count the pixels of each image."""
        classes = len(self.dataset_meta['classes'])
        for sample in data_samples:
            truth, found = (
                sample[key]['data'].squeeze().cpu().numpy()
                for key in ('gt_sem_seg', 'pred_sem_seg')
            )
            self.results.append(confusion_matrix(truth, found, classes))

    def compute_metrics(self, results: list) -> dict[str, Any]:
        """Add up the images."""
        matrix = sum(results)
        images = [round(present_miou(counts), 2) for counts in results]
        return {**scores_of(matrix)._asdict(), 'matrix': matrix.tolist(), 'images': images}


def present_miou(matrix: np.ndarray) -> float:
    """Average the IoU, in percent, of the classes that an image or its prediction holds."""
    present = (matrix.sum(0) + matrix.sum(1)) > 0
    return float(np.mean(np.array(scores_of(matrix).IoU)[present])) if present.any() else 100.0
