"""Files from visitors: received within bounds, and looked at before anything is decoded."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import numpy as np

from ktda_mmseg.raster.files import driver_of, import_rasterio, open_raster
from ktda_mmseg.raster.imagery import Imagery
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.reading import SceneReader

from .jobs import Job, Limits

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


class TooLargeError(ValueError):
    """A file has more bytes than are accepted."""


async def receive(chunks: AsyncIterator[bytes], job: Job, limits: Limits) -> None:
    """Write the file of a job as it comes.

    CancelledError if the job is cancelled, TimeoutError if nothing comes for long, TooLargeError
    if it is larger than it may be, whatever its sender said beforehand.
    """
    size = 0
    with job.scene.open('wb') as file:
        while True:
            with anyio.fail_after(limits.stall):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            job.report(0)
            size += len(chunk)
            if size > limits.upload:
                raise TooLargeError(
                    f'{job.scene}: expected at most {limits.upload / 1e6:,.1f} MB, found more'
                )
            file.write(chunk)


def check_upload(path: Path, card: ModelCard, limits: Limits) -> None:
    """Check what a file says of itself, without decoding a pixel.

    ValueError if it is no GeoTIFF, PNG or JPEG, too large when decoded, or nothing that the model
    can work on.
    """
    driver = driver_of(path)
    if driver is None:
        raise ValueError(f'{path}: expected a GeoTIFF, PNG or JPEG, found another kind of file')
    with open_raster(path) as raster:
        _check_size(raster, limits)
        # they are read for pictures of the whole, and may state other blocks than it
        for level in range(len(raster.overviews(1))):
            with import_rasterio().open(path, driver=driver, overview_level=level) as overview:
                _check_size(overview, limits)
        grey = len(Imagery(raster).indexes) < min(3, max(card.bands))
    try:
        with SceneReader(path, card):
            pass
    except ValueError as error:
        advice = '; the image is grey: choose the one in colours' if grey else ''
        raise ValueError(f'{error}{advice}') from error


def _check_size(raster: DatasetReader, limits: Limits) -> None:
    height, width = raster.shape
    found = f'found {width:,} x {height:,}'
    if height * width > limits.pixels:
        raise ValueError(f'{raster.name}: expected at most {limits.pixels:,} pixels, {found}')
    if max(height, width) > limits.side:
        raise ValueError(f'{raster.name}: expected at most {limits.side:,} pixels a side, {found}')
    block = sum(
        math.prod(shape) * np.dtype(dtype).itemsize
        for shape, dtype in zip(raster.block_shapes, raster.dtypes, strict=True)
    )
    if block > limits.block:
        raise ValueError(
            f'{raster.name}: expected blocks of at most {limits.block >> 20} MB, found '
            f'{block >> 20:,} MB; save the image with smaller tiles or strips'
        )
