"""Figures show the colours and numbers they are given."""

import numpy as np
from PIL import Image

from ktda_mmseg.studies.figures import (
    Example,
    plot_confusion_matrix,
    plot_predictions,
)

CLASSES, PALETTE = ('low', 'high'), [(200, 10, 10), (10, 10, 200)]


def share(path, colour):
    return (np.asarray(Image.open(path).convert('RGB')) == colour).all(-1).mean()


def test_predictions_fill_their_panels(tmp_path):
    image = np.full((8, 8, 3), 90, dtype=np.uint8)
    example = Example('a', image, np.zeros((8, 8), np.uint8), np.ones((8, 8), np.uint8))
    plot_predictions([example], CLASSES, PALETTE, tmp_path / 'x.png')
    for colour in ((90, 90, 90), *PALETTE):
        assert share(tmp_path / 'x.png', colour) > 0.1


def test_a_perfect_matrix_has_a_dark_diagonal_and_an_absent_class_is_no_error(tmp_path):
    for name, matrix in dict(perfect=np.eye(2) * 7, absent=np.array([[7, 0], [0, 0]])).items():
        plot_confusion_matrix(matrix.astype(np.int64), CLASSES, tmp_path / f'{name}.png')
    dark = (8, 48, 107)  # the end of the colour map
    assert share(tmp_path / 'perfect.png', dark) > 1.5 * share(tmp_path / 'absent.png', dark) > 0
