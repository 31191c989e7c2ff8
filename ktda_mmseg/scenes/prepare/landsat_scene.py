"""A Landsat 8 scene as USGS publishes it with a manual cloud mask: one folder of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...raster.files import Georeference, georeference, open_raster, read_window
from ...raster.tiling import Window
from .landsat_mtl import LandsatMetadata

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

# OLI and TIRS bands of 30 m; 8 is panchromatic, 15 m
BANDS = dict(red=4, green=3, blue=2, nir=5, swir1=6, swir2=7, cirrus=9, tir1=10)
THERMAL = ('tir1',)
FILL = 0
BIOMES = (
    'barren', 'forest', 'grass_crops', 'shrubland', 'snow_ice', 'urban', 'water', 'wetlands'
)  # fmt: skip


class Scene(NamedTuple):
    """A scene's files, ``<scene>/<scene>_{B1..B11.TIF,MTL.txt,fixedmask.img}``.

    Attributes:
        folder (Path): Its folder, which has its name.
        biome (str | None): One of ``BIOMES``, if a folder above tells.
        metadata (LandsatMetadata): Its MTL file.
        shape (tuple[int, int]): Rows and columns of its bands.
        place (Georeference | None): Where it lies.
    """

    folder: Path
    biome: str | None
    metadata: LandsatMetadata
    shape: tuple[int, int]
    place: Georeference | None

    @property
    def name(self) -> str:
        """Its name, such as LC80010732013109LGN00."""
        return self.folder.name

    @property
    def mask(self) -> Path:
        """The manual cloud mask."""
        return _file(self.folder, 'fixedmask.img')

    def read(
        self, bands: Sequence[str], windows: Iterable[Window]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Read windows.

        Args:
            bands (Sequence[str]): Names, of ``BANDS``.
            windows (Iterable[Window]): The windows; those of one row of tiles share what GDAL has
                decoded, since the published files are stored in strips.

        Yields:
            tuple[np.ndarray, np.ndarray]: Of each window reflectance, or kelvin in a thermal band,
            (C, H, W), float32, NaN without data; and the mask as stored, (H, W), uint8.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If a file cannot be read, or its size is not that of the others.
        """
        with ExitStack() as files:
            mask = files.enter_context(self._open(self.mask))
            rasters = {
                band: files.enter_context(self._open(_file(self.folder, f'B{BANDS[band]}.TIF')))
                for band in bands
            }
            for window in windows:
                values = [
                    self._calibrate(band, read_window(raster, window)[0])
                    for band, raster in rasters.items()
                ]
                yield np.stack(values), read_window(mask, window)[0]

    def _calibrate(self, band: str, counts: np.ndarray) -> np.ndarray:
        convert = (
            self.metadata.brightness_temperature if band in THERMAL else self.metadata.reflectance
        )
        return np.where(counts == FILL, np.float32(np.nan), convert(counts, BANDS[band]))

    @contextmanager
    def _open(self, path: Path) -> Iterator[DatasetReader]:
        with open_raster(path) as raster:
            if raster.shape != self.shape:
                raise ValueError(
                    f'{path}: expected the size of the red band, {self.shape}, found {raster.shape}'
                )
            expected = raster.height * raster.width * np.dtype(raster.dtypes[0]).itemsize
            # GDAL reads 0, which is fill, where a flat binary ends early
            if raster.driver == 'ENVI' and path.stat().st_size < expected:
                raise ValueError(
                    f'{path}: expected a complete raster, {expected} bytes, '
                    f'found {path.stat().st_size}'
                )
            yield raster


def find_scenes(source: Path) -> list[Scene]:
    """Find the scenes in a folder and below it.

    Args:
        source (Path): The folder; the scenes' folders are called ``LC8*``.

    Returns:
        list[Scene]: By name.

    Raises:
        FileNotFoundError: If a file of a scene is missing.
        ValueError: If two folders hold the same scene, or a file cannot be read.
    """
    folders: dict[str, Path] = {}
    for folder in sorted(source.rglob('LC8*')):
        # an unpacked archive may add a folder of the same name around it
        if not any(folder.glob(f'{folder.name}_*')):
            continue
        if folder.name in folders:
            raise ValueError(
                f'{source}: expected each scene once, found {folder.name} in '
                f'{folders[folder.name].parent} and in {folder.parent}'
            )
        folders[folder.name] = folder
    return [_scene(folder, source) for _, folder in sorted(folders.items())]


def _scene(folder: Path, source: Path) -> Scene:
    above = (source.name, *folder.relative_to(source).parts)
    words = {re.sub('[^a-z]', '', part.lower()) for part in above}
    biome = next((name for name in BIOMES if name.replace('_', '') in words), None)
    with open_raster(_file(folder, f'B{BANDS["red"]}.TIF')) as raster:
        shape, place = raster.shape, georeference(raster)
    return Scene(folder, biome, LandsatMetadata(_file(folder, 'MTL.txt')), shape, place)


def _file(folder: Path, end: str) -> Path:
    return folder / f'{folder.name}_{end}'
