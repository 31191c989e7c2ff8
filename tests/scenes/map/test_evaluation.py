"""Scores of maps are mmseg's own, and those that a count by numpy gives."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from ktda_mmseg.scenes.map import evaluation
from ktda_mmseg.scenes.map.evaluation import evaluate

rasterio = pytest.importorskip('rasterio')
RNG = np.random.default_rng(0)
TRUTH = RNG.choice(np.uint8([0, 1, 2, 255]), (90, 70), p=[0.5, 0.3, 0.1, 0.1])
LABELS = np.where(RNG.random((90, 70)) < 0.8, TRUTH, 2).astype(np.uint8)
LABELS[LABELS == 255] = 0
LABELS[:9, :11] = 255  # the scene has no data there


@pytest.fixture
def three(card):
    return replace(card, classes=('a', 'b', 'c'))


@pytest.fixture
def score(three, write):
    """Return a function that scores a map with a reference, each with its profile."""

    def score(truth=TRUTH, labels=LABELS, **profile):
        labels = write(labels[None], 'map.tif', nodata=255)
        return evaluate([(labels, write(truth[None], 'truth.tif', **profile))], three)

    return score


def test_they_are_those_of_a_confusion_matrix(score, monkeypatch):
    monkeypatch.setattr(evaluation, 'ROWS', 32)
    counted = (TRUTH != 255) & (LABELS != 255)
    matrix = np.zeros((3, 3))
    np.add.at(matrix, (TRUTH[counted], LABELS[counted]), 1)
    both = np.diag(matrix)
    share = 100 * both / (matrix.sum(0) + matrix.sum(1) - both)
    scores = score()
    assert scores == {
        'aAcc': pytest.approx(100 * both.sum() / matrix.sum(), abs=0.006),
        'mIoU': pytest.approx(share.mean(), abs=0.006),
        'mAcc': pytest.approx(100 * (both / matrix.sum(1)).mean(), abs=0.006),
        **{f'IoU.{name}': pytest.approx(one, abs=0.006) for name, one in zip('abc', share)},
    }


def test_they_are_those_of_the_metric_on_the_whole_map(score, monkeypatch):
    monkeypatch.setattr(evaluation, 'ROWS', 7)
    metric = IoUMetric()
    metric.dataset_meta = {'classes': ('a', 'b', 'c')}
    truth = np.where(LABELS == 255, 255, TRUTH)
    pair = (dict(data=torch.from_numpy(one)) for one in (LABELS, truth))
    metric.process({}, [dict(zip(('pred_sem_seg', 'gt_sem_seg'), pair))])
    expected = metric.evaluate(1)
    assert {name: value for name, value in score().items() if '.' not in name} == expected


def test_a_reference_without_georeference_need_only_be_as_large(score, three, write, tmp_path):
    expected = score()
    shape = dict(height=90, width=70, count=1, dtype='uint8')
    with rasterio.open(tmp_path / 'truth.png', 'w', driver='PNG', **shape) as raster:
        raster.write(TRUTH, 1)
    assert evaluate([(tmp_path / 'map.tif', tmp_path / 'truth.png')], three) == expected


def test_what_the_reference_calls_nodata_does_not_count(score):
    assert score(np.where(TRUTH == 255, 99, TRUTH), nodata=99) == score()
    floating = np.where(TRUTH == 255, np.nan, TRUTH).astype(np.float32)
    assert score(floating) == score()


@pytest.mark.filterwarnings('ignore:Mean of empty slice')
def test_nothing_to_count(score):
    assert all(np.isnan(value) for value in score(np.full_like(TRUTH, 255)).values())


@pytest.mark.parametrize(
    'changed',
    [
        dict(truth=TRUTH[1:]),
        dict(truth=TRUTH.T),
        dict(crs='EPSG:32632'),
        dict(transform=rasterio.Affine(10, 0, 5e5 + 10, 0, -10, 5e6)),
        dict(transform=rasterio.Affine(10.01, 0, 5e5, 0, -10, 5e6)),
        dict(transform=rasterio.Affine(10, 0, 5e5, 0, 10, 5e6)),
    ],
)
def test_another_grid_is_one_clear_error(changed, three, write, tmp_path):
    labels = write(LABELS[None], 'map.tif', nodata=255)
    truth = changed.pop('truth', TRUTH)
    place = dict(crs='EPSG:32633', transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)) | changed
    shape = dict(height=truth.shape[0], width=truth.shape[1], count=1, dtype='uint8')
    with rasterio.open(tmp_path / 'truth.tif', 'w', **shape, **place) as raster:
        raster.write(truth, 1)
    with pytest.raises(
        ValueError,
        match=r"truth.tif: expected one band of labels on the map's grid \(90x70, EPSG:32633, .*\)"
        r', found 1 on \d+x\d+, EPSG',
    ):
        evaluate([(labels, tmp_path / 'truth.tif')], three)


def test_rounded_corners_are_the_same_grid(score, write, three, tmp_path):
    expected = score()
    shape = dict(height=90, width=70, count=1, dtype='uint8', crs='EPSG:32633')
    rounded = rasterio.Affine(10.0000001, 0, 5e5 + 1e-4, 0, -10, 5e6)
    with rasterio.open(tmp_path / 'near.tif', 'w', **shape, transform=rounded) as raster:
        raster.write(TRUTH, 1)
    assert evaluate([(tmp_path / 'map.tif', tmp_path / 'near.tif')], three) == expected


@pytest.mark.parametrize(
    'value, dtype', [(3, np.uint8), (128, np.uint16), (-1, np.int16), (0.5, np.float32)]
)
def test_what_is_no_label_is_told(value, dtype, score):
    truth = TRUTH.astype(dtype)
    truth[80, 3] = value
    with pytest.raises(
        ValueError, match=rf'truth.tif: expected labels from 0 to 2 .* found {value}'
    ):
        score(truth)


@pytest.fixture(autouse=True)
def quiet():
    """Keep mmseg's tables out of the output."""
    logging.getLogger('mmengine').setLevel(logging.ERROR)
