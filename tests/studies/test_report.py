"""The report of a model says what its labels say."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.raster.colours import WRONG
from ktda_mmseg.studies.report import draw_example, rows_by_class, share_wrong
from ktda_mmseg.utils.scores import confusion_matrix

PALETTE = [(200, 10, 10), (10, 10, 200), (10, 200, 10)]


@pytest.fixture
def labels():
    """True labels, of which some are ignored, and a prediction that is right in most places."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, (40, 60)).astype(np.uint8)
    found = np.where(random.random(truth.shape) < 0.3, random.integers(0, 3, truth.shape), truth)
    truth[random.random(truth.shape) < 0.1] = 255
    return truth, found.astype(np.uint8)


def test_the_map_of_errors_and_its_share_are_those_of_the_labels(labels):
    truth, found = labels
    pictures = draw_example(np.full((40, 60, 3), 90, np.uint8), truth, found, PALETTE)
    shown = np.asarray(Image.open(BytesIO(pictures['errors'])))
    counted = truth != 255
    share = (truth != found)[counted].mean()
    assert (shown == WRONG).all(-1).sum() == round(share * counted.sum())
    said = share_wrong(confusion_matrix(truth, found, 3))
    assert said == f'{share:.2%} of {counted.sum():,} labelled pixels wrong'
    assert share_wrong(np.zeros((3, 3), int)) == 'no pixel has a label'


def test_scores_by_class_are_those_of_their_pixels_and_a_dash_of_none(labels):
    truth, found = labels
    found, truth = found[truth != 255], truth[truth != 255]
    header, *rows = rows_by_class(confusion_matrix(truth, found, 4), ['a', 'b', 'c', 'none'])
    assert header == ('class', 'IoU, %', 'accuracy, %', 'share of pixels, %')
    for label, row in enumerate(rows[:3]):
        hit, true, said = (truth == label) & (found == label), truth == label, found == label
        values = hit.sum() / (true | said).sum(), hit.sum() / true.sum(), true.mean()
        assert row == ('abc'[label], *(f'{100 * value:.2f}' for value in values))
    assert rows[3:] == [('none', '-', '-', '0.00')]
