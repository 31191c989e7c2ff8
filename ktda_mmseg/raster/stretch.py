"""Values of any type as 8 bits: the one stretch of tiles, pictures and thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .files import Nodata, numbers
from .imagery import open_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

SAMPLE = 1024  # pixels a side, at the most, that percentiles of a scene are taken from
SHOWN = (2, 98)  # percentiles that become black and white in pictures


def to_bytes(
    values: np.ndarray, low: ArrayLike, high: ArrayLike, rounded: bool = False
) -> np.ndarray:
    """Bring values linearly to 8 bits, black at ``low`` and white at ``high``; NaN is black.

    Both limits broadcast to the values; where they are equal, what is not above is black. Fractions
    are cut off, as the authors of L8-Biome's tiles did, unless they are rounded.
    """
    low, high = np.asarray(low), np.asarray(high)
    dtype = np.result_type(values.dtype, np.float32)
    span = np.where(high > low, high - low, 1).astype(dtype)
    unit = 255 * np.nan_to_num((values - low.astype(dtype)) / span).clip(0, 1)
    return (np.rint(unit) if rounded else unit).astype(np.uint8)


def as_picture(values: np.ndarray) -> np.ndarray:
    """Stretch numbers of any shape between their 2nd and 98th percentile; black without data."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(values[finite], SHOWN)
    return to_bytes(np.where(finite, values, np.nan), low, high)


class Stretch(NamedTuple):
    """What becomes black and what white: two values, or percentiles of each band of a scene."""

    low: float
    high: float
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Stretch:
        """Read 'LOW,HIGH' or 'LOW%,HIGH%'; a ValueError if it is neither or not ascending."""
        ends = text.split(',')
        percent = all(end.endswith('%') for end in ends)
        try:
            low, high = (float(end.removesuffix('%') if percent else end) for end in ends)
        except ValueError:
            low = high = np.nan
        if not (low < high and (not percent or (0 <= low and high <= 100))):
            raise ValueError(
                "expected a stretch as two ascending values '0,3000' or percentiles '2%,98%', "
                f'got {text!r}'
            )
        return cls(low, high, percent)

    def limits(self, path: Path, bands: Sequence[int], nodata: Nodata) -> np.ndarray:
        """Return black and white of each band, (bands, 2).

        Percentiles are of the numbers of at most 1024x1024 pixels, spread over the raster.
        """
        if not self.percent:
            return np.tile([self.low, self.high], (len(bands), 1))
        with open_image(path) as image:
            sample, valid = image.read(bands, nodata=nodata, side=SAMPLE)
        found = (band[valid & numbers(band)] for band in sample)
        return np.stack([np.percentile(b if b.size else 0, [self.low, self.high]) for b in found])
