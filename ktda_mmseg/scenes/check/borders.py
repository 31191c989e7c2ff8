"""Images of different splits that were cut from one: a border of one goes on in the other."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from .faults import Fault

if TYPE_CHECKING:
    from .scan import Facts

SAMPLES = 64  # grey values of a border
BLOCK = 1024  # images compared at once, which bounds the memory
# of the chips of the Dubai mosaics, 128 and 256 pixels a side, they find 40 and 62 % of all
# neighbours, and 2 in a million pairs that are none
MOST_STEP = 1.5  # across a border, beside the step to the next line inside
MOST_DIFFERENCE = 0.5  # beside how much grey varies along the border
BY_CHANCE = 1e-5  # of all pairs: fewer are not told
SIDES = ('left', 'right', 'top', 'bottom')
FACING = ((0, 1), (1, 0), (2, 3), (3, 2))


class Borders(NamedTuple):
    """The four borders of an image, in the order of ``SIDES``."""

    grey: np.ndarray  # of the outermost pixels, (4, SAMPLES), float32
    step: np.ndarray  # mean square of the difference to the next line inside, (4,)
    contrast: np.ndarray  # variance along the border, (4,)
    lengths: tuple[int, ...]  # in pixels, (4,)


def borders(pixels: np.ndarray) -> Borders | None:
    """Take the borders of the grey of the first three bands of pixels (H, W, C); None if small."""
    height, width = pixels.shape[:2]
    if min(height, width) < SAMPLES:
        return None
    bands = pixels[..., :3]
    lines = [bands[:, [0, 1]], bands[:, [-1, -2]], bands[[0, 1]], bands[[-1, -2]]]
    lines[:2] = [line.transpose(1, 0, 2) for line in lines[:2]]
    greys = [np.nan_to_num(line.astype(np.float32).mean(-1), posinf=0, neginf=0) for line in lines]
    small = np.stack([cv2.resize(g, (SAMPLES, 2), interpolation=cv2.INTER_AREA) for g in greys])
    outer, inner = small[:, 0], small[:, 1]
    lengths = (height, height, width, width)
    return Borders(outer, np.square(outer - inner).mean(-1), outer.var(-1), lengths)


def find_neighbours(facts: Sequence['Facts']) -> list[Fault]:
    """Find images without a place that go on in one of an earlier split, to be warned of."""
    splits: dict[str, list[Facts]] = {}
    for fact in facts:
        if fact.borders is not None and fact.footprint is None:
            splits.setdefault(fact.pair.source.split, []).append(fact)
    faults = []
    for earlier, later in combinations(splits.values(), 2):
        found = [
            fault
            for start in range(0, len(later), BLOCK)
            for fault in _between(earlier, later[start : start + BLOCK])
        ]
        if len(found) > BY_CHANCE * len(FACING) * len(earlier) * len(later):
            faults += found
    return faults


def _between(earlier: Sequence['Facts'], later: Sequence['Facts']) -> Iterator[Fault]:
    found: dict[int, tuple[str, Facts]] = {}
    for start in range(0, len(earlier), BLOCK):
        block = earlier[start : start + BLOCK]
        for one, other in FACING:
            near = _go_on(_side(block, one), _side(later, other))
            for row, column in np.argwhere(near):
                found.setdefault(int(column), (SIDES[other], block[row]))
    for column, (side, fact) in found.items():
        files = later[column].pair.image, fact.pair.image
        yield Fault(
            'warning',
            'neighbours across splits',
            f'{files[0]}: expected no neighbour in another split, found its {side} border to go on '
            f'in {files[1]}; --group of `ktda prepare` keeps neighbours together',
            files,
        )


def _side(facts: Sequence['Facts'], side: int) -> tuple[np.ndarray, ...]:
    """Grey, step, contrast and length of one border of each image."""
    known = [fact.borders for fact in facts if fact.borders is not None]
    rows = ((b.grey[side], b.step[side], b.contrast[side], b.lengths[side]) for b in known)
    return tuple(np.array(part, np.float64) for part in zip(*rows, strict=True))


def _go_on(ones: tuple[np.ndarray, ...], others: tuple[np.ndarray, ...]) -> np.ndarray:
    """Tell which borders (N) of ones go on in which (M) of others, (N, M)."""
    grey, step, contrast, length = ones
    other_grey, other_step, other_contrast, other_length = others
    squares = np.square(grey).sum(1)[:, None] + np.square(other_grey).sum(1)
    difference = (squares - 2 * grey @ other_grey.T) / SAMPLES
    steps = (step[:, None] + other_step) / 2
    contrasts = np.minimum(contrast[:, None], other_contrast)
    near: np.ndarray = (
        (difference <= MOST_STEP**2 * steps)
        & (difference < MOST_DIFFERENCE**2 * contrasts)
        & (length[:, None] == other_length)
    )
    return near
