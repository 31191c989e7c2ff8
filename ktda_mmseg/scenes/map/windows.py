"""Where windows lie in a scene and what each weighs, so that no seam shows between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Axis(NamedTuple):
    """Windows along the rows or the columns of a scene: the first pixel of each, and its weights.

    The first ones may lie before the scene and the last ones may reach beyond it. Weights are
    ``(window,)``, float32, from 0 to 1, and 0 outside the scene; at every pixel of the scene all
    windows together weigh 1.
    """

    starts: tuple[int, ...]
    weights: tuple[np.ndarray, ...]


def margin_of(overlap: int) -> int:
    """Return the pixels at the ends of a window that weigh nothing: a quarter of the overlap."""
    return overlap // 4


def axis(length: int, window: int, overlap: int) -> Axis:
    """Cover a length with windows.

    What a network says near the end of a window lacks context, so the outer quarter of the overlap
    weighs nothing; in its middle half one window fades into the next as a raised cosine. The first
    and the last window lie outside the scene by that quarter, which is for the reader to fill; the
    last one is moved back so that it ends there. Neighbours share ``overlap`` pixels at least.
    """
    if min(length, window) < 1:
        raise ValueError(f'expected sizes of at least 1, got scene {length}, window {window}')
    if not 0 <= overlap < window:
        raise ValueError(f'expected an overlap from 0 to {window - 1} (window - 1), got {overlap}')
    margin = margin_of(overlap)
    last = max(length + margin - window, -margin)
    starts = (*range(-margin, last, window - overlap), last)
    fade = np.zeros(window)
    ramp = overlap - 2 * margin
    fade[margin : margin + ramp] = (1 - np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)) / 2
    fade[margin + ramp :] = 1
    # an overlap of more than half a window fades in while it fades out
    whole = fade * fade[::-1]
    total = np.zeros(length)
    parts = [slice(max(-start, 0), min(length - start, window)) for start in starts]
    for start, part in zip(starts, parts, strict=True):
        total[start + part.start : start + part.stop] += whole[part]
    weights = []
    for start, part in zip(starts, parts, strict=True):
        weight = np.zeros(window, np.float32)
        weight[part] = whole[part] / total[start + part.start : start + part.stop]
        weights.append(weight)
    return Axis(starts, tuple(weights))


@dataclass(frozen=True)
class Grid:
    """Windows of a scene of a height and width: every row of windows crosses its whole width."""

    height: int
    width: int
    window: tuple[int, int]  # height and width
    overlap: int  # that neighbours share at least, below both sides of a window

    @cached_property
    def rows(self) -> Axis:
        """The rows of windows."""
        return axis(self.height, self.window[0], self.overlap)

    @cached_property
    def columns(self) -> Axis:
        """The windows of a row."""
        return axis(self.width, self.window[1], self.overlap)

    @cached_property
    def strips(self) -> tuple[tuple[int, int], ...]:
        """First row and stop of what each row of windows finishes."""
        margin = margin_of(self.overlap)
        edges = [start + margin for start in self.rows.starts]
        return tuple(pairwise([*edges, self.height]))

    def needed(self, strip: int) -> int:
        """Return the first row of windows that adds to a strip; the last one has its index."""
        margin = margin_of(self.overlap)
        first, height = self.strips[strip][0], self.window[0]
        ends = (start + height - margin for start in self.rows.starts)
        return next(index for index, end in enumerate(ends) if end > first)
