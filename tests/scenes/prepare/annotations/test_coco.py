"""COCO files to drawings."""

import json

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.annotations.coco import list_coco
from ktda_mmseg.scenes.prepare.annotations.drawing import rasterise
from ktda_mmseg.scenes.prepare.label_file import read_label_map

HEIGHT, WIDTH = 9, 13
# what pycocotools 2.0.11 encodes of `written`
RUNS = ':13090G00:0F0070I0;0E000N0000020008'
SQUARE = [1, 1, 4, 1, 4, 3, 1, 3]


def written():
    y, x = np.indices((HEIGHT, WIDTH))
    return (x * y + x // 3) % 4 == 1


def content(*areas, **changes):
    image = dict(id=5, file_name='a.png', height=HEIGHT, width=WIDTH)
    annotations = [
        dict(id=n, image_id=5, category_id=1 + n % 2, segmentation=area, iscrowd=0)
        for n, area in enumerate(areas)
    ]
    categories = [dict(id=1, name='Sea'), dict(id=2, name='Wood')]
    return dict(images=[image], annotations=annotations, categories=categories) | changes


@pytest.fixture
def draw(tmp_path):
    """A function that gives the mask of the one image: 1 and 2 for sea and wood, 0 for the rest."""

    def draw(content, classes='classes: {wet: {labels: [sea]}, dry: {labels: [wood]}}'):
        (tmp_path / 'classes.yaml').write_text(classes)
        path = tmp_path / 'instances.json'
        path.write_text(json.dumps(content))
        (found,) = list_coco(path, read_label_map(tmp_path / 'classes.yaml'))
        drawing = found.draw((HEIGHT, WIDTH))
        return rasterise(drawing, {'Sea': 1, 'Wood': 2, 1: 1, 2: 2}, 0)

    return draw


def test_all_parts_of_an_annotation_count(draw):
    mask = draw(content([SQUARE, [6, 5, 9, 5, 9, 8, 6, 8], [2, 2, 8, 2, 8, 6, 2, 6]]))
    expected = np.zeros((HEIGHT, WIDTH))
    expected[1:3, 1:4] = expected[5:8, 6:9] = expected[2:6, 2:8] = 1  # no hole where two overlap
    np.testing.assert_array_equal(mask, expected)


def test_runs_are_those_of_pycocotools(draw):
    pytest.importorskip('faster_coco_eval')
    mask = draw(content(dict(size=[HEIGHT, WIDTH], counts=RUNS)))
    np.testing.assert_array_equal(mask, written())


def test_a_later_annotation_covers_an_earlier_one(draw):
    pytest.importorskip('faster_coco_eval')
    runs = dict(size=[HEIGHT, WIDTH], counts=RUNS)
    square = np.zeros((HEIGHT, WIDTH), bool)
    square[1:3, 1:4] = True
    below = np.where(square, 2, written())
    np.testing.assert_array_equal(draw(content(runs, [SQUARE])), below)
    above = np.where(written(), 2, square)
    np.testing.assert_array_equal(draw(content([SQUARE], runs)), above)


def test_numbers_of_categories_will_do(draw):
    classes = 'classes: {wet: {labels: [1]}, dry: {labels: [2]}}'
    np.testing.assert_array_equal(draw(content([SQUARE]), classes), draw(content([SQUARE])))


@pytest.mark.parametrize(
    ('faulty', 'message'),
    [
        ([[1, 1, 4, 4]], r'annotation 1: expected a polygon of 3 points or more'),
        ([[1, 1, 4, 4, 5]], r'annotation 1: expected a polygon of 3 points or more'),
        ([[1, 1, 4, 4, 'x', 2]], r'annotation 1: expected a polygon of 3 points or more'),
        ([], 'annotation 1: expected a segmentation, .* a box says of no pixel'),
        (None, 'annotation 1: expected a segmentation'),
    ],
)
def test_what_is_no_area_is_named(draw, faulty, message):
    with pytest.raises(ValueError, match=rf'instances\.json: {message}'):
        draw(content([SQUARE], faulty))


@pytest.mark.parametrize(
    ('faulty', 'message'),
    [
        (
            dict(size=[13, 9], counts=RUNS),
            r'expected run lengths of the size of the image, \[9, 13\] .* found \[13, 9\]',
        ),
        (dict(size=[9, 13], counts=RUNS[:-3]), 'expected run lengths of COCO, found'),
        (dict(size=[9, 13], counts='QQQ'), 'expected run lengths of COCO, found'),
        (dict(size=[9, 13], counts=[7, 9]), 'expected run lengths of COCO, found'),
        (dict(size=[9, 13], counts=[200, -83]), 'expected run lengths of COCO, found'),
        (dict(size=[9, 13]), 'expected run lengths of COCO, found'),
    ],
)
def test_faulty_runs_are_named(draw, faulty, message):
    pytest.importorskip('faster_coco_eval')
    with pytest.raises(ValueError, match=rf'instances\.json: annotation 1: {message}'):
        draw(content([SQUARE], faulty))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(images=[]), 'annotation 0: expected image_id to be one of images, found 5'),
        (dict(categories=[]), 'annotation 0: expected category_id to be one of categories'),
        (dict(images=[dict(id=5)]), "expected lists of images, .* failed on 'file_name'"),
        (dict(annotations=[[]]), 'expected lists of images'),
        (dict(categories=None), 'expected lists of images'),
    ],
)
def test_a_file_that_is_none_is_named(draw, changes, message):
    with pytest.raises(ValueError, match=rf'instances\.json: {message}'):
        draw(content([SQUARE], **changes))
