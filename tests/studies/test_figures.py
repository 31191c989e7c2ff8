"""Figures show the colours and numbers they are given."""

import numpy as np

from ktda_mmseg.studies.figures import draw_confusion, draw_curves, draw_labels, pixels_of

META = dict(classes=('low', 'high'), palette=[(200, 10, 10), (10, 10, 200)])


def share(figure, colour):
    return (pixels_of(figure) == colour).all(-1).mean()


def test_images_and_labels_fill_their_places():
    image = np.full((8, 8, 3), 90, dtype=np.uint8)
    labels = {'truth': np.zeros((8, 8), np.uint8), 'prediction': np.ones((8, 8), np.uint8)}
    figure = draw_labels([('a', image, labels)], META)
    for colour in ((90, 90, 90), *META['palette']):
        assert share(figure, colour) > 0.1


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
