"""Layers of a map as cloud-optimised GeoTIFF, streamed row by row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ktda_mmseg.raster.files import import_rasterio
from ktda_mmseg.raster.writing import SIDECAR
from ktda_mmseg.utils.files import atomic

from .card import ModelCard
from .legend import gdal_legend
from .reading import SceneProfile
from .strips import NODATA

# gives (rows, W) or (bands, rows, W) from the first row to the last, in parts of any height
Rows = Callable[[], Iterable[np.ndarray]]

TILE = 512
CACHE_BYTES = 64 << 20  # of blocks that GDAL keeps
DRAFT = dict(driver='GTiff', tiled=True, blockxsize=TILE, blockysize=TILE, bigtiff='if_safer')
FINAL = dict(driver='COG', compress='deflate', blocksize=TILE, bigtiff='if_safer')


def write_map(profile: SceneProfile, card: ModelCard, rows: Rows, path: Path) -> None:
    """Write labels with their colours and names.

    Overviews hold the most frequent label. GDAL has no place in a GeoTIFF for names that programs
    show in a legend, so they stand beside it in ``.aux.xml``, which appears first, together with an
    attribute table; the file itself holds them as tags ``class_0`` and so on of its band.
    """

    def describe(raster: Any) -> None:  # noqa: ANN401
        raster.write_colormap(1, dict(enumerate(card.palette)))
        raster.update_tags(1, **{f'class_{label}': name for label, name in enumerate(card.classes)})
        raster.set_band_description(1, 'class')

    bands = dict(count=1, dtype='uint8', nodata=NODATA)
    _write(profile, rows, path, describe, bands, gdal_legend(card), overview_resampling='mode')


def write_probabilities(
    profile: SceneProfile, names: Sequence[str], rows: Rows, path: Path
) -> None:
    """Write probabilities, whole numbers with a scale, one band for each name.

    See :class:`~.strips.Strip` for their type; overviews hold their averages.
    """
    dtype = next(iter(rows())).dtype
    nodata = np.iinfo(dtype).max

    def describe(raster: Any) -> None:  # noqa: ANN401
        raster.scales = [1 / (nodata - 1)] * len(names)
        raster.descriptions = names

    bands = dict(count=len(names), dtype=dtype, nodata=nodata, photometric='minisblack')
    _write(profile, rows, path, describe, bands, overview_resampling='average', predictor='yes')


def _write(
    profile: SceneProfile,
    rows: Rows,
    path: Path,
    describe: Callable[[Any], None],
    bands: Mapping[str, Any],
    notes: Sequence[ElementTree.Element] = (),
    **options: str,
) -> None:
    """Write a draft, make it cloud-optimised, and read it back."""
    rasterio = import_rasterio()
    from rasterio.shutil import copy

    place = dict(height=profile.height, width=profile.width)
    place |= dict(crs=profile.crs, transform=profile.transform)
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), _writing(path) as partial:
        # overviews stand before the pixels they are made of, so pixels go to a draft first
        draft = Path(f'{partial}.draft.tif')
        with rasterio.open(draft, 'w', **DRAFT, **place, **bands) as raster:
            describe(raster)
            if profile.gcps[0]:
                raster.gcps = profile.gcps
            raster.update_tags(ns='RPC', **profile.rpcs)
            for window, part in _tile_rows(rows, profile):
                raster.write(part, window=window)
        copy(draft, partial, **FINAL, **options)
        draft.unlink()
        with rasterio.open(partial) as raster:
            # GDAL may keep to itself what it could not write
            for window, part in _tile_rows(rows, profile):
                if not np.array_equal(raster.read(window=window), part):
                    raise OSError(f'{path}: expected what was written, read something else')
        sidecar = Path(f'{partial}{SIDECAR}')
        if notes:
            _add_notes(sidecar, notes)
        if sidecar.exists():
            os.replace(sidecar, f'{path}{SIDECAR}')


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    """Give a name to write to; remove what GDAL leaves beside, and explain what it raises."""
    from rasterio._err import CPLE_BaseError  # what copying raises has no public name
    from rasterio.errors import RasterioError

    with atomic(path) as partial:
        try:
            yield partial
        except (RasterioError, CPLE_BaseError) as error:
            reason = error.__cause__ or error
            raise OSError(f'{path}: expected to write it, found: {reason}') from None
        finally:
            for left in partial.parent.glob(f'{escape(partial.name)}?*'):
                left.unlink(missing_ok=True)


def _tile_rows(rows: Rows, profile: SceneProfile) -> Iterator[tuple[Any, np.ndarray]]:
    """Cut rows into those of whole tiles: GDAL would compress an unfinished tile many times."""
    from rasterio.windows import Window

    first, waiting = 0, None
    for part in rows():
        part = part.reshape(-1, *part.shape[-2:])
        waiting = part if waiting is None else np.concatenate((waiting, part), axis=1)
        while waiting.shape[1] >= min(TILE, profile.height - first) > 0:
            height = min(TILE, profile.height - first)
            yield Window(0, first, profile.width, height), waiting[:, :height]
            waiting, first = waiting[:, height:], first + height


def _add_notes(sidecar: Path, notes: Sequence[ElementTree.Element]) -> None:
    """Add notes on the band to what GDAL may have put there, such as a CRS GeoTIFF cannot hold."""
    root = ElementTree.Element('PAMDataset')
    if sidecar.exists():
        root = ElementTree.parse(sidecar).getroot()
    ElementTree.SubElement(root, 'PAMRasterBand', band='1').extend(notes)
    ElementTree.ElementTree(root).write(sidecar, encoding='utf-8')
