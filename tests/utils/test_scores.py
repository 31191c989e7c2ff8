"""Scores are those of mmseg's metric, fed image by image, and of counts that no float32 holds."""

import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from ktda_mmseg.utils.scores import class_scores, confusion_matrix


@pytest.mark.parametrize('ignore', [255, 1])
def test_scores_are_those_of_mmseg(ignore):
    rng = np.random.default_rng(0)
    truth = rng.choice(np.uint8([0, 1, 2, 255]), (3, 9, 7))
    found = np.where(rng.random(truth.shape) < 0.7, truth % 4 % 3, 2)
    areas = [
        IoUMetric.intersect_and_union(
            torch.from_numpy(one), torch.from_numpy(np.where(true == 255, ignore, true)), 3, ignore
        )
        for one, true in zip(found, truth.astype(found.dtype))
    ]
    expected = IoUMetric.total_area_to_metrics(*map(sum, zip(*areas)), ['mIoU', 'mFscore'])
    matrix = sum(confusion_matrix(true, one, 3, ignore) for true, one in zip(truth, found))
    scores = class_scores(matrix)
    assert set(scores) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(scores[name], values, rtol=1e-6)
    assert np.isnan(scores['IoU']).any() == np.isnan(expected['IoU']).any()


def test_counts_stay_exact_beyond_what_float32_holds():
    """Adding one to 2^24 in float32 changes nothing."""
    scores = class_scores(np.array([[2**24 + 1, 0], [1, 0]]))
    assert scores['aAcc'] == (2**24 + 1) / (2**24 + 2) != 1
    assert scores['IoU'].tolist() == [scores['aAcc'], 0]


def test_a_class_with_nothing_to_count():
    matrix = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    assert np.isnan(class_scores(matrix)['IoU'][2]) and class_scores(matrix, 0)['IoU'][2] == 0
