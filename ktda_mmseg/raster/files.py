"""Rasters on disk: the one place that opens and reads them with rasterio."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.tables import first_few

from .names import container, for_gdal
from .tile_places import place_of
from .tiling import Window

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

ANY = 'any'  # rule of nodata: see read_valid
MOST_SHIFT = 0.01  # pixels by which corners of the same grid may lie apart, as rounded ones do
LARGEST = 1e15  # number that is no fill value
Nodata = float | str | None
CACHE_BYTES = 192 << 20  # of decoded blocks of all threads; GDAL's default is 5 % of memory
OPTIONS = {
    # else what lacks in a truncated JPEG is grey, in a truncated PNG black
    'GDAL_ERROR_ON_LIBJPEG_WARNING': 'YES',
    'GDAL_PNG_WHOLE_IMAGE_OPTIM': 'NO',
}
SIGNATURES = {
    b'II*\0': 'GTiff',
    b'MM\0*': 'GTiff',
    b'II+\0': 'GTiff',  # BigTIFF
    b'MM\0+': 'GTiff',
    b'\x89PNG\r\n\x1a\n': 'PNG',
    b'\xff\xd8\xff': 'JPEG',
}


class Georeference(NamedTuple):
    """Where a raster or a tile lies on the ground."""

    crs: Any  # rasterio.crs.CRS; None if it is not stated
    transform: Any  # affine.Affine, from pixel to map coordinates

    @property
    def anchored(self) -> bool:
        """Whether it says where on the ground, not only how large pixels are."""
        return self.crs is not None or (self.transform.c, self.transform.f) != (0, 0)

    def at(self, window: Window) -> Georeference:
        """Return where a window of the raster lies."""
        windows = import_rasterio().windows
        part = windows.Window(window.x, window.y, window.width, window.height)
        return self._replace(transform=windows.transform(part, self.transform))


def import_rasterio() -> Any:  # noqa: ANN401
    """Import rasterio, which no longer warns of rasters without georeference: they are fine."""
    with needed_for('reading and writing GeoTIFF', extra='raster'):
        import rasterio
    warnings.simplefilter('ignore', rasterio.errors.NotGeoreferencedWarning)
    return rasterio


def driver_of(path: Path) -> str | None:
    """Tell a file's format by its first bytes, by GDAL's name: 'GTiff', 'PNG', 'JPEG' or None."""
    with path.open('rb') as file:
        start = file.read(max(map(len, SIGNATURES)))
    return next((driver for mark, driver in SIGNATURES.items() if start.startswith(mark)), None)


@contextmanager
def open_raster(path: Path) -> Iterator[DatasetReader]:
    """Open anything that GDAL reads, also by its own names of sub-datasets and files in archives.

    Blocks that GDAL has decoded stay in a cache of bounded size while the raster is open, so read
    neighbouring windows within one block; an outer ``rasterio.Env`` may make the cache larger. A
    raster belongs to the thread that opened it.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If rasterio is not installed.
        ValueError: If the file is no raster.
    """
    rasterio = import_rasterio()
    named = not path.is_file() and container(path) is not None
    if not path.is_file() and not named:
        raise FileNotFoundError(f'{path}: expected a raster, found no file')
    outer = rasterio.env.getenv() if rasterio.env.hasenv() else {}
    # rasterio, unlike GDAL, does not take small numbers for megabytes
    cache = max(CACHE_BYTES, outer.get('GDAL_CACHEMAX', 0))
    with rasterio.Env(**OPTIONS, GDAL_CACHEMAX=cache):
        with _explained(str(path)):
            # else GDAL takes a picture with XML in it for a list of other files, and opens those
            placed = place_of(path)
            if placed is not None and placed.is_file():
                raster = rasterio.open(placed, driver='VRT')
            else:
                raster = rasterio.open(for_gdal(path), driver=None if named else driver_of(path))
        with raster:
            if not raster.count:
                parts = first_few(raster.subdatasets) or 'none'
                raise ValueError(f'{path}: expected one raster, name one of its parts: {parts}')
            yield raster


def read_window(
    raster: DatasetReader,
    window: Window | None = None,
    bands: Sequence[int] | None = None,
    side: int | None = None,
) -> np.ndarray:
    """Read a window that lies inside, or all of a raster, as (bands, height, width), as stored.

    Bands count from 1, in any order; None means all. ``side`` is how many rows and columns of the
    whole raster to read at the most: every n-th, from an overview if there is one. A ValueError
    says that a band is lacking, or that the raster is truncated or cannot be decoded.
    """
    wanted = raster.indexes if bands is None else tuple(bands)
    if not set(wanted) <= set(raster.indexes):
        raise ValueError(f'{raster.name}: expected bands {wanted}, found {raster.count} bands')
    shape = None if side is None else (len(wanted), *_within(raster, side))
    with _explained(raster.name):
        return raster.read(wanted, window=window and window.slices(), out_shape=shape)


def numbers(pixels: np.ndarray) -> np.ndarray:
    """Tell which values a network can see; the result is of the same shape, not to be written to.

    NaN and infinity are none, nor is what lies beyond 1e15, where formats of floats have their
    fill values and float32 its end.
    """
    if pixels.dtype.kind != 'f':
        return np.broadcast_to(np.True_, pixels.shape)
    return np.abs(pixels) <= LARGEST


def read_valid(
    raster: DatasetReader,
    pixels: np.ndarray,
    window: Window | None,
    bands: Sequence[int],
    nodata: Nodata = None,
    side: int | None = None,
) -> np.ndarray:
    """Tell which pixels hold data: the one rule for all that reads images.

    They are those of GDAL's dataset mask (RFC 15, rasterio's ``dataset_mask``): a mask in the file
    or beside it, or an alpha band, outranks a nodata value; by a nodata value a pixel is empty
    where all bands of the file hold it. Besides, a pixel is empty where no band that is read holds
    a number (see :func:`numbers`) other than the nodata value. An alpha band among ``bands`` is one
    of data, and no mask.

    ``pixels`` are what :func:`read_window` gave for the same window, bands and side. A number as
    ``nodata`` stands for the nodata values of the file; with 'any' a pixel is also empty where a
    single band that is read holds the file's nodata value, or no number. The result is (height,
    width), bool.
    """
    from rasterio.enums import ColorInterp, MaskFlags

    colours, flags = raster.colorinterp, raster.mask_flag_enums[0]
    # of masks that say nothing GDAL would fill its cache, in place of what it has decoded
    told = any(each != [MaskFlags.all_valid] for each in raster.mask_flag_enums)
    # rasterio takes the fourth band for a mask wherever a nodata value hides what it is
    alpha = [raster.count] if raster.count == 4 and colours[0] == ColorInterp.red else []
    alpha += [band for band in raster.indexes if colours[band - 1] == ColorInterp.alpha]
    shown = not set(alpha).isdisjoint(bands)
    masked = MaskFlags.per_dataset in flags and not (shown and MaskFlags.alpha in flags)
    mask = np.ones(pixels.shape[1:], bool)
    if told and (masked or (nodata is None and not shown)):
        shape = None if side is None else _within(raster, side)
        with _explained(raster.name):
            mask = raster.dataset_mask(window=window and window.slices(), out_shape=shape) > 0
    present = numbers(pixels)
    if masked and nodata != ANY:
        return mask & present.any(axis=0)
    stated = (
        nodata if isinstance(nodata, float | int) else [raster.nodatavals[b - 1] for b in bands]
    )
    precision = np.result_type(pixels.dtype, np.float32)  # a float32 file's 0.1 is not 0.1
    values = np.broadcast_to(np.array(stated, float).astype(precision), len(bands))
    held = present & (pixels != values[:, None, None])
    if nodata == ANY:
        return mask & held.all(axis=0)
    valid = held.any(axis=0)
    if nodata is None and not shown:
        valid |= present.all(axis=0)  # of numbers the mask has told, by all bands of the file
    return mask & valid


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what rasterio says of a file into one sentence."""
    from rasterio.errors import RasterioError

    try:
        yield
    except RasterioError as error:
        reason = error.__cause__ or error
        raise ValueError(f'{path}: expected a complete raster, found: {reason}') from None


def _within(raster: DatasetReader, side: int) -> tuple[int, int]:
    return min(raster.height, side), min(raster.width, side)


def georeference(raster: DatasetReader) -> Georeference | None:
    """Return where a raster lies, None if it does not say so by a transform."""
    if raster.transform.is_identity:
        return None
    return Georeference(raster.crs or None, raster.transform)


def same_grid(
    shape: tuple[int, int], place: Georeference, other_shape: tuple[int, int], other: Georeference
) -> bool:
    """Tell whether rasters of (height, width) have the same pixels, but for rounding of corners.

    A reference system that is not stated is taken to be that of the other.
    """
    apart = None not in (place.crs, other.crs) and place.crs != other.crs
    if apart or shape != other_shape:
        return False
    corners = [(x * shape[1], y * shape[0]) for y in (0.0, 1.0) for x in (0.0, 1.0)]
    moved = [~place.transform * (other.transform * corner) for corner in corners]
    return bool(np.abs(np.subtract(moved, corners)).max() < MOST_SHIFT)
