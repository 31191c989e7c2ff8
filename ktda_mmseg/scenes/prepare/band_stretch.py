"""Three bands of any type as 8-bit RGB."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from ...raster.files import numbers
from ...raster.imagery import open_image
from .scenes import Scene

SAMPLE = 1024  # pixels a side, at the most, that percentiles are taken from
PATTERN = re.compile(r'(-?[\d.]+)(%?),(-?[\d.]+)\2')


class Stretch(NamedTuple):
    """What becomes black and what white.

    Attributes:
        low (float): Black: a value, or a percentile of each band of a scene.
        high (float): White.
        percent (bool): Whether these are percentiles.
    """

    low: float
    high: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> Stretch:
        """Read 'LOW,HIGH' or 'LOW%,HIGH%'.

        Raises:
            ValueError: If it is neither, or not ascending, or a percentile is not from 0 to 100.
        """
        try:
            match = PATTERN.fullmatch(text)
            low, percent, high = match.groups() if match else ('', '', '')
            stretch = cls(float(low), float(high), bool(percent))
        except ValueError:
            stretch = cls(0, 0, False)
        inside = not stretch.percent or (0 <= stretch.low and stretch.high <= 100)
        if not (stretch.low < stretch.high and inside):
            raise ValueError(
                "expected a stretch as two ascending values '0,3000' or percentiles '2%,98%', "
                f'got {text!r}'
            )
        return stretch

    def limits(self, scene: Scene) -> np.ndarray:
        """Return the values of black and white.

        Args:
            scene (Scene): The scene; percentiles are taken from a grid of at most 1024x1024 of its
                pixels that hold data.

        Returns:
            np.ndarray: (bands, 2).
        """
        if not self.percent:
            return np.tile([self.low, self.high], (len(scene.bands), 1))
        with open_image(scene.path) as image:
            sample, valid = image.read(scene.bands, nodata=scene.nodata, side=SAMPLE)
        return np.stack([self._percentiles(band[valid & numbers(band)]) for band in sample])

    def _percentiles(self, values: np.ndarray) -> np.ndarray:
        return np.percentile(values if values.size else 0, [self.low, self.high])


def stretched(pixels: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Bring bands to 8 bits, linearly.

    Args:
        pixels (np.ndarray): (bands, H, W).
        limits (np.ndarray): Values of black and white of each band, (bands, 2).

    Returns:
        np.ndarray: (bands, H, W), uint8; 0 where a pixel is NaN.
    """
    low, high = limits.T[..., None, None].astype(np.float32)
    unit = (pixels - low) / np.where(high > low, high - low, 1)
    return np.rint(np.nan_to_num(unit).clip(0, 1) * 255).astype(np.uint8)
