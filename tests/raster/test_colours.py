"""Masks are shown in the palette of their classes, errors in one colour."""

import numpy as np

from ktda_mmseg.raster.colours import WRONG, colourise, hex_colour, mark_errors


def test_labels_get_their_colour_and_ignored_pixels_black():
    colours = colourise(np.array([[0, 1, 255]], dtype=np.uint8), [(200, 10, 10), (10, 10, 200)])
    assert colours.tolist() == [[[200, 10, 10], [10, 10, 200], [0, 0, 0]]]


def test_a_colour_has_two_digits_each():
    assert hex_colour((0, 10, 255)) == '#000aff' == hex_colour(np.array([0, 10, 255], np.uint8))


def test_errors_have_a_colour_ignored_pixels_stripes_and_all_else_is_grey():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    wrong, ignored = np.zeros((2, 20, 30), bool)
    wrong[:5], ignored[10:] = True, True
    shown = mark_errors(picture, wrong, ignored)
    assert ((shown == WRONG).all(-1) == wrong).all()
    right = shown[5:10]
    assert (right == right[..., :1]).all() and 60 <= right.min() < right.max() < 215
    assert sorted(map(tuple, np.unique(shown[10:].reshape(-1, 3), axis=0).tolist())) == [
        (0, 0, 0), (200, 200, 200)
    ]  # fmt: skip
    assert all(len(np.unique(line)) == 2 for line in shown[10:])
