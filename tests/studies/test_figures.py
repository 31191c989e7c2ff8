"""Figures show the colours and numbers they are given."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ktda_mmseg.studies.figures import (
    draw_bars,
    draw_confusion,
    draw_costs,
    draw_curves,
    draw_labels,
    pixels_of,
)
from ktda_mmseg.studies.summary import summarise

RESULTS = Path('docs', 'results', 'try')
META = dict(classes=('low', 'high'), palette=[(200, 10, 10), (10, 10, 200)])


def share(figure, colour):
    return (pixels_of(figure) == colour).all(-1).mean()


def test_images_and_labels_fill_their_places():
    image = np.full((8, 8, 3), 90, dtype=np.uint8)
    labels = {'truth': np.zeros((8, 8), np.uint8), 'prediction': np.ones((8, 8), np.uint8)}
    figure = draw_labels([('a', image, labels)], META)
    for colour in ((90, 90, 90), *META['palette']):
        assert share(figure, colour) > 0.1


def test_long_titles_of_neighbours_do_not_touch():
    image, labels = np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40), np.uint8)
    titles = ('A student of random weights, taught by a transformer', 'The same, with modulation')
    figure = draw_labels([('a', image, {title * 2: labels for title in titles})], META)
    pixels_of(figure)
    boxes = [axes.title.get_window_extent() for axes in figure.axes]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))
    assert all(box.y1 <= figure.bbox.y1 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_perfect_matrix_has_a_dark_diagonal_and_an_absent_class_is_no_error():
    perfect, absent = (
        draw_confusion(np.array(matrix), META['classes'])
        for matrix in ([[7, 0], [0, 7]], [[7, 0], [0, 0]])
    )
    dark = (8, 48, 107)  # the end of the colour map
    assert share(perfect, dark) > 1.5 * share(absent, dark) > 0


def test_curves_are_drawn_with_and_without_scores():
    losses = {'loss': {1: 1.0, 2: 0.5}}
    for curves, drawn in ((losses, 0), ({**losses, 'mIoU': {2: 5.0}}, 1)):
        left, right = draw_curves(curves).axes
        assert list(left.lines[0].get_ydata()) == [1.0, 0.5] and len(right.lines) == drawn


def shown_ticks(figure):
    """Boxes (x0, x1) of the labels of a figure's one horizontal axis, from left to right."""
    (axes,) = figure.axes
    FigureCanvasAgg(figure).draw()
    low, high = axes.get_xlim()
    boxes = [
        label.get_window_extent()
        for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if low <= place <= high
    ]
    return [(box.x0, box.x1) for box in boxes]


@pytest.mark.parametrize('costs', [(310_000_000, 330_000_000), (1e6, 1e6), (2e8, 6e10)])
def test_costs_far_apart_or_near_have_ticks_that_do_not_overlap(load, write_result, costs):
    for row, cost in zip(('alone', 'full'), costs, strict=True):
        write_result(row, 0, 50, macs=cost)
    ticks = shown_ticks(draw_costs([*summarise(load(), RESULTS)['town'].values()]))
    assert len(ticks) >= 1
    assert all(left[1] < right[0] for left, right in pairwise(ticks))


def test_bars_keep_their_room_beside_long_titles(load, write_result, content):
    content['rows']['full']['title'] = 'a student of random weights, taught by two, seed by seed'
    for row in ('alone', 'full'):
        write_result(row, 0, 50)
    figure = draw_bars([*summarise(load(), RESULTS)['town'].values()])
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    assert axes.get_window_extent().width > 0.9 * figure.bbox.width
    for text, bar in zip(axes.texts, axes.patches, strict=True):
        assert text.get_window_extent().y0 > bar.get_window_extent().y1
        assert text.get_window_extent().x1 < figure.bbox.width
