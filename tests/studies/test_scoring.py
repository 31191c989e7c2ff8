import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from ktda_mmseg.studies.scoring import ConfusionByImage, present_miou, scores_of


def test_scores_by_hand_with_a_class_that_is_never_predicted():
    matrix = np.array([[6, 2, 0], [1, 9, 0], [2, 0, 0]])
    found = scores_of(matrix)
    iou = np.array([6 / 11, 9 / 12, 0])
    f1 = np.array([12 / 17, 18 / 21, 0])
    np.testing.assert_allclose(found.IoU, 100 * iou)
    np.testing.assert_allclose(found.F1, 100 * f1)
    assert found.mIoU == pytest.approx(100 * iou.mean())
    assert found.mF1 == pytest.approx(100 * f1.mean())
    assert found.OA == pytest.approx(100 * 15 / 20)


def test_a_class_that_is_absent_counts_zero_but_not_in_an_image():
    matrix = np.array([[4, 0, 0], [0, 6, 0], [0, 0, 0]])
    assert scores_of(matrix).mIoU == pytest.approx(200 / 3)
    assert present_miou(matrix) == pytest.approx(100)


def test_images_are_counted_as_mmseg_counts_them():
    rng = np.random.default_rng(0)
    ours, theirs = ConfusionByImage(), IoUMetric(iou_metrics=['mIoU', 'mFscore'])
    for metric in (ours, theirs):
        metric.dataset_meta = dict(classes=('a', 'b', 'c', 'd'))
    for _ in range(3):
        truth, found = rng.integers(0, 4, (2, 9, 7))
        truth[0, :3] = 255
        sample = dict(
            gt_sem_seg=dict(data=torch.from_numpy(truth)[None]),
            pred_sem_seg=dict(data=torch.from_numpy(found)[None]),
        )
        for metric in (ours, theirs):
            metric.process({}, [sample])
    by_image = [round(present_miou(matrix), 2) for matrix in ours.results]
    scores, expected = ours.evaluate(3), theirs.compute_metrics(theirs.results)
    assert scores['mIoU'] == pytest.approx(expected['mIoU'], abs=0.005)
    assert scores['mF1'] == pytest.approx(expected['mFscore'], abs=0.005)
    assert scores['OA'] == pytest.approx(expected['aAcc'], abs=0.005)
    assert np.sum(scores['matrix']) == 3 * (63 - 3)
    assert scores['images'] == by_image
