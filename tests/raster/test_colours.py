"""Masks are shown in the palette of their classes."""

import numpy as np

from ktda_mmseg.raster.colours import colourise


def test_labels_get_their_colour_and_ignored_pixels_black():
    colours = colourise(np.array([[0, 1, 255]], dtype=np.uint8), [(200, 10, 10), (10, 10, 200)])
    assert colours.tolist() == [[[200, 10, 10], [10, 10, 200], [0, 0, 0]]]
