"""Classes in the colours of their palette, and pixels that a model got wrong."""

from collections.abc import Sequence

import numpy as np

IGNORED = (0, 0, 0)
WRONG = (225, 0, 90)  # told from any grey
BLANK = (200, 200, 200)  # between stripes of ignored pixels


def hex_colour(colour: Sequence[int]) -> str:
    """Write red, green and blue, 0 to 255, as ``#rrggbb``."""
    return f'#{bytes(colour).hex()}'


def colourise(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Turn class indices ``(H, W)`` into RGB ``(H, W, 3)``; ignored pixels become black."""
    table = np.full((256, 3), IGNORED, dtype=np.uint8)
    table[: len(palette)] = palette
    return table[labels]


def mark_errors(picture: np.ndarray, wrong: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Show where a model errs.

    Args:
        picture (np.ndarray): The image, ``(H, W, 3)``, uint8; it becomes grey.
        wrong (np.ndarray): Pixels ``(H, W)``, bool, to fill with one colour.
        ignored (np.ndarray): Pixels ``(H, W)``, bool, to fill with stripes.

    Returns:
        np.ndarray: ``(H, W, 3)``, uint8.
    """
    # neither black nor white, which stripes are
    grey = (60 + 0.6 * picture.mean(-1, keepdims=True)).astype(np.uint8)
    shown = np.repeat(grey, 3, axis=-1)
    width = max(2, max(ignored.shape) // 80)
    striped = np.add(*np.indices(ignored.shape)) // width % 2 == 0
    shown[ignored] = BLANK
    shown[ignored & striped] = IGNORED
    shown[wrong] = WRONG
    return shown
