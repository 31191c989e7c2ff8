"""Rasters as images: bands of real numbers, colours in place of the numbers of a colour table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .files import ANY, Nodata, open_raster, read_valid, read_window
from .tiling import Window

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

SAMPLE = 256  # pixels a side, at the most, that tell what an alpha band is
MOSTLY = 0.9  # of a mask's pixels have one of two values
FEW_BITS = ('uint8', 'int8', 'uint16', 'int16')  # of numbers of a colour table


class Imagery:
    """An open raster as a network sees it.

    An image with a colour table has three bands of 8 bits, red, green and blue; pixels of a colour
    that is transparent hold no data. A table that makes number n the grey n changes nothing.

    The numbers of its bands, ``indexes``, start at 1; ``alpha`` are those that the file calls so.
    The raster stays open for as long as this is used.
    """

    def __init__(self, raster: DatasetReader) -> None:
        from rasterio.enums import ColorInterp

        self.raster = raster
        self._colours = _colour_table(raster)
        coloured = self._colours is not None
        self.dtypes = ('uint8',) * 3 if coloured else raster.dtypes
        self.nodatavals = (None,) * 3 if coloured else raster.nodatavals
        self.indexes = tuple(range(1, len(self.dtypes) + 1))
        self.alpha = tuple(
            band
            for band in (() if coloured else self.indexes)
            if raster.colorinterp[band - 1] == ColorInterp.alpha
        )

    def require(self, bands: Sequence[int]) -> None:
        """Raise a ValueError unless bands are there and hold real numbers."""
        name = self.raster.name
        if not set(bands) <= set(self.indexes):
            found = len(self.indexes)
            raise ValueError(f'{name}: expected bands {tuple(bands)}, found {found} bands')
        for dtype in (self.dtypes[band - 1] for band in bands):
            if dtype.startswith('complex'):
                raise ValueError(
                    f'{name}: expected bands of real numbers, found {dtype}; store amplitude and '
                    'phase, or real and imaginary part, as bands of their own'
                )

    def read(
        self,
        bands: Sequence[int] | None = None,
        window: Window | None = None,
        nodata: Nodata = None,
        side: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read bands, a window and a side as :func:`.files.read_window` does.

        Returns stored values (bands, height, width), which may be NaN also where there are data, in
        other bands; and where there are data by :func:`.files.read_valid`, (height, width), bool.
        A ValueError says that the raster lacks a band, holds complex numbers or cannot be decoded.
        """
        wanted = self.indexes if bands is None else tuple(bands)
        self.require(wanted)
        if self._colours is None:
            pixels = read_window(self.raster, window, wanted, side)
            return pixels, read_valid(self.raster, pixels, window, wanted, nodata, side)
        stored = read_window(self.raster, window, [1], side)
        rule = nodata if nodata == ANY else None
        valid = read_valid(self.raster, stored, window, [1], rule, side)
        colours = self._colours[stored[0].astype(np.uint16)]
        pixels = np.moveaxis(colours[..., [band - 1 for band in wanted]], -1, 0)
        if rule is None and nodata is not None:
            valid &= (pixels != nodata).any(axis=0)
        return pixels, valid & (colours[..., 3] > 0)

    def doubtful_alpha(self) -> int | None:
        """Return the number of an alpha band that looks like one of data, None if there is none.

        Writers call a fourth band alpha if they are not told otherwise, near infrared too. A mask
        holds hardly more than two values.
        """
        for band in self.alpha:
            sample = read_window(self.raster, bands=[band], side=SAMPLE)
            counts = np.sort(np.unique(sample, return_counts=True)[1])
            if counts[-2:].sum() < MOSTLY * sample.size:
                return band
        return None


@contextmanager
def open_image(path: Path) -> Iterator[Imagery]:
    """Open an image for reading; see :func:`.files.open_raster`."""
    with open_raster(path) as raster:
        yield Imagery(raster)


def tell_alpha(path: Path, band: int) -> str:
    """Say what became of an alpha band that looks like one of data."""
    return (
        f'{path}: band {band} is called alpha, as writers call a fourth band unless told '
        f'otherwise, but looks like data; it serves as mask only, --bands can name it'
    )


def _colour_table(raster: DatasetReader) -> np.ndarray | None:
    """Return the colours (65536, 4) of the numbers of a raster, None if it has none of its own."""
    from rasterio.enums import ColorInterp

    others = set(raster.colorinterp[1:])
    if (
        raster.colorinterp[0] != ColorInterp.palette
        or not others <= {ColorInterp.alpha}
        or raster.dtypes[0] not in FEW_BITS
    ):
        return None
    try:
        colours = raster.colormap(1)
    except ValueError:
        return None
    table = np.zeros((1 << 16, 4), np.uint8)
    table[:, 3] = 255
    table[list(colours)] = list(colours.values())
    greys = np.arange(min(len(colours), 256), dtype=np.uint8)
    same = (table[: len(greys), :3] == greys[:, None]).all() and len(greys) == len(colours)
    return None if same and (table[:, 3] == 255).all() else table
