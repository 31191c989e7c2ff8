"""A Landsat 8 scene as USGS publishes it with a manual cloud mask: one folder of files.

Equations and key names: USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5. The names are
the same before Collection 1 and in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...raster.files import Georeference, georeference, open_raster, read_window
from ...raster.tiling import Window

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

# OLI and TIRS bands of 30 m; 8 is panchromatic, 15 m
BANDS = dict(red=4, green=3, blue=2, nir=5, swir1=6, swir2=7, cirrus=9, tir1=10)
THERMAL = ('tir1',)
FILL = 0
BIOMES = (
    'barren', 'forest', 'grass_crops', 'shrubland', 'snow_ice', 'urban', 'water', 'wetlands'
)  # fmt: skip


class LandsatMetadata(NamedTuple):
    """What the MTL file of a scene says about its bands: values by key, whatever their group."""

    path: Path
    values: Mapping[str, str]

    def number(self, key: str) -> float:
        """Return a finite number, such as that of ``SUN_ELEVATION``; a ValueError without one."""
        value = self.values.get(key)
        try:
            number = float('none' if value is None else value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(
                f'{self.path}: expected a number as {key}, found {value or "no such key"}'
            )
        return number

    def reflectance(self, counts: np.ndarray, band: int) -> np.ndarray:
        """Convert digital numbers of an OLI band, 1-9, to top-of-atmosphere reflectance, float32.

        1 is a white surface under this sun, whose elevation is that of the scene's centre.
        """
        elevation = self.number('SUN_ELEVATION')
        if elevation <= 0:
            raise ValueError(
                f'{self.path}: expected SUN_ELEVATION above 0 degrees, found {elevation}'
            )
        return self._rescale('REFLECTANCE', counts, band) / np.float32(
            math.sin(math.radians(elevation))
        )

    def brightness_temperature(self, counts: np.ndarray, band: int) -> np.ndarray:
        """Convert digital numbers of a TIRS band, 10 or 11, to kelvin at the sensor, float32."""
        k1, k2 = (self.number(f'{k}_CONSTANT_BAND_{band}') for k in ('K1', 'K2'))
        radiance = self._rescale('RADIANCE', counts, band)
        return np.float32(k2) / np.log(np.float32(k1) / radiance + 1)

    def _rescale(self, quantity: str, counts: np.ndarray, band: int) -> np.ndarray:
        factor, offset = (
            np.float32(self.number(f'{quantity}_{part}_BAND_{band}')) for part in ('MULT', 'ADD')
        )
        return counts.astype(np.float32) * factor + offset


def read_metadata(path: Path) -> LandsatMetadata:
    """Read a ``*_MTL.txt``; a ValueError if it is not groups of ``KEY = value`` before ``END``."""
    values: dict[str, str] = {}
    groups: list[str] = []
    for number, line in enumerate(path.read_text('ascii', errors='replace').splitlines(), 1):
        key, _, value = (part.strip() for part in line.partition('='))
        if key == 'END' and not groups:
            return LandsatMetadata(path, values)
        if key == 'GROUP':
            groups.append(value)
        elif key == 'END_GROUP' and groups and groups[-1] == value:
            groups.pop()
        elif key and value and key != 'END_GROUP':
            values[key] = value.strip('"')
        elif key:
            raise ValueError(
                f'{path}: expected KEY = value in groups, found {line!r} in line {number}'
            )
    raise ValueError(f'{path}: expected END as last line, found none; the file is cut off')


class LandsatScene(NamedTuple):
    """A scene's files, ``<scene>/<scene>_{B1..B11.TIF,MTL.txt,fixedmask.img}``.

    ``folder`` has the scene's name; ``biome`` is one of ``BIOMES``, if a folder above tells;
    ``shape`` is that of its bands, which lie at ``place``.
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
        """Read bands, of ``BANDS``, and the mask of one window after the other.

        Yields reflectance, or kelvin in a thermal band, (C, H, W), float32, NaN without data; and
        the mask as stored, (H, W), uint8. Windows of one row of tiles share what GDAL has decoded,
        since the published files are stored in strips.
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


def find_landsat_scenes(source: Path) -> list[LandsatScene]:
    """Find the scenes in a folder and below it by their folders' names, ``LC8*``, in that order."""
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


def _scene(folder: Path, source: Path) -> LandsatScene:
    above = (source.name, *folder.relative_to(source).parts)
    words = {re.sub('[^a-z]', '', part.lower()) for part in above}
    biome = next((name for name in BIOMES if name.replace('_', '') in words), None)
    with open_raster(_file(folder, f'B{BANDS["red"]}.TIF')) as raster:
        shape, place = raster.shape, georeference(raster)
    return LandsatScene(folder, biome, read_metadata(_file(folder, 'MTL.txt')), shape, place)


def _file(folder: Path, end: str) -> Path:
    return folder / f'{folder.name}_{end}'
