"""Scenes on disk, read by rows as a model expects them, ahead of what works on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from math import isfinite, pi
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ktda_mmseg.raster.files import georeference, numbers
from ktda_mmseg.raster.ground import GroundSize, ground_size
from ktda_mmseg.raster.imagery import open_image
from ktda_mmseg.raster.tiling import Window

from .card import ModelCard
from .resampling import Resampling

Item = TypeVar('Item')
Result = TypeVar('Result')


class SceneProfile(NamedTuple):
    """What a map takes over from its scene."""

    path: Path
    height: int
    width: int
    crs: Any  # of rasterio, or None
    transform: Any  # from pixel to map coordinates; the identity if the scene states none
    gcps: tuple[Sequence[Any], Any] = ((), None)  # ground control points, and the CRS of theirs
    rpcs: Mapping[str, str] = MappingProxyType({})  # rational polynomial coefficients, as GDAL's
    geolocated: bool = False  # whether other files hold the place of each of its pixels

    @property
    def placed(self) -> bool:
        """bool: Whether the transform says where and how large pixels are."""
        determinant = self.transform.determinant
        return not self.transform.is_identity and isfinite(determinant) and determinant != 0

    @property
    def measured(self) -> bool:
        """bool: Whether CRS and transform tell areas on the ground."""
        if self.crs is None or not self.placed:
            return False
        if not self.crs.is_geographic:
            return True
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * (self.width, self.height)
        _, radians = self.crs.units_factor
        x, y = radians * np.array([self.transform @ tuple(map(float, one)) for one in corners]).T
        # grids of points reach half a pixel beyond the poles, and longitudes go around
        beyond = radians * (abs(self.transform.d) + abs(self.transform.e))
        return bool((np.abs(y) <= pi / 2 + beyond).all() and (np.abs(x) <= 4 * pi).all())

    def notes(self) -> list[str]:
        """Return what a user must know of the place of the map, a sentence each."""
        notes = []
        if self.crs is not None and not self.placed:
            notes.append('it has a CRS but no transform, so areas and polygons are in pixels')
        elif self.crs is not None and not self.measured:
            notes.append('its CRS has degrees but its transform has not, so areas are in pixels')
        if self.geolocated:
            notes.append('its geolocation arrays are not carried over, so the map lacks that place')
        return notes


class SceneReader:
    """A scene that is open for reading, in a thread of its own; use it as a context manager.

    The card says which bands are read, of which type, and what fills empty pixels; ``bands`` stand
    in for its own. With a ground size, rows and columns are those of pixels that measure so many
    metres down and across; ``shape`` is how many there are. Wrong types and bands, and a scene that
    does not say how large its pixels are, are a ``ValueError`` before anything is read.
    """

    def __init__(
        self,
        path: Path,
        card: ModelCard,
        bands: Sequence[int] | None = None,
        wanted: GroundSize | None = None,
    ) -> None:
        if bands is not None and len(bands) != len(card.bands):
            raise ValueError(
                f'expected {len(card.bands)} bands, as many as the model sees, got {list(bands)}'
            )
        self._card = card
        self._bands = tuple(bands or card.bands)
        self._fill = np.array(card.fill, np.float32)[:, None, None]
        with ExitStack() as stack:
            # a raster belongs to the thread that opened it, and so do GDAL's options
            self._thread: Executor = stack.enter_context(ThreadPoolExecutor(1))
            image = open_image(path)
            self._image = self._thread.submit(image.__enter__).result()
            stack.callback(lambda: self._thread.submit(image.__exit__, None, None, None).result())
            self._raster = self._image.raster
            self._image.require(self._bands)
            found = sorted({self._image.dtypes[band - 1] for band in self._bands})
            if card.dtype is not None and found != [card.dtype]:
                raise ValueError(f'{path}: expected bands of type {card.dtype}, found {found}')
            self._resampling = None if wanted is None else self._resampled_to(wanted)
            self._opened = stack.pop_all()
        self.shape: tuple[int, int] = self._raster.shape
        if self._resampling is not None:
            self.shape = self._resampling.seen
        self.profile = SceneProfile(
            path,
            self._raster.height,
            self._raster.width,
            self._raster.crs,
            self._raster.transform,
            self._raster.gcps,
            self._raster.tags(ns='RPC'),
            bool(self._raster.tags(ns='GEOLOCATION')),
        )

    def __enter__(self) -> SceneReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read_rows(self, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Read stored values ``(C, rows, W)``, float32, and ``(rows, W)`` where there are data.

        Pixels without data are filled. A file that cannot be decoded is a ``ValueError``.
        """
        return self._thread.submit(self._read, (first, stop)).result()

    def read_ahead(
        self, spans: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Read rows as :meth:`read_rows` does, each span while the one before it is worked on."""
        return ahead(self._thread, self._read, spans)

    def doubtful_alpha(self) -> int | None:
        """Return the number of a band that serves as mask and looks like one of data, if any."""
        band = self._thread.submit(self._image.doubtful_alpha).result()
        return None if band in self._bands else band

    def ground_size(self) -> GroundSize | None:
        """Return how large a pixel of the scene is on the ground, None if it does not say so."""
        return ground_size(georeference(self._raster), self._raster.shape)

    def restored(
        self, layers: Mapping[str, np.ndarray], first: int, stop: int
    ) -> dict[str, np.ndarray]:
        """Bring layers ``(..., rows, w)`` of rows to pixels of the scene.

        Where it has no data they hold the largest number of their types.
        """
        if self._resampling is None:
            return dict(layers)
        top, bottom = self._resampling.own_rows(first, stop)
        valid = np.zeros((0, self._raster.width), bool)
        if top < bottom:  # else no middle of a row of the scene lies there
            valid = self._thread.submit(self._stored, top, bottom).result()[2]
        restored = {}
        for name, layer in layers.items():
            own = self._resampling.restored(layer, first, stop)
            restored[name] = np.where(valid, own, np.iinfo(layer.dtype).max)
        return restored

    def _resampled_to(self, wanted: GroundSize) -> Resampling | None:
        has = self.ground_size()
        if has is None:
            raise ValueError(
                f'{self._raster.name}: expected a CRS and a transform, which say how large a pixel '
                'is on the ground, found none or none that fit; leave out --gsd'
            )
        return Resampling.of(self._raster.shape, has, wanted)

    def _read(self, span: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        if self._resampling is None:
            values, present, valid = self._stored(*span)
        else:
            values, present = self._resampling.read(*span, lambda *rows: self._stored(*rows)[:2])
            valid = np.asarray(present.any(axis=0))
        return np.where(present, values, self._fill).astype(np.float32, copy=False), valid

    def _stored(self, first: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read rows of the scene, which values a network can see, and which pixels hold data."""
        window = Window(first, 0, stop - first, self._raster.width)
        stored, valid = self._image.read(self._bands, window, self._card.nodata)
        present = numbers(stored) & valid if stored.dtype.kind == 'f' else valid[None]
        return stored, present, valid


def ahead(
    thread: Executor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    count: int = 1,
) -> Iterator[Result]:
    """Map in another thread, so many items ahead of what is asked for."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(thread.submit(function, item))
        if len(pending) > count:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
