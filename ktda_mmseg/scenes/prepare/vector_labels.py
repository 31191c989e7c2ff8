"""Polygons with a class field, drawn on the grid of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...raster.files import Georeference
from ...raster.tiling import Window
from .footprints import convertible, extent, ground, import_shapely, outline, system
from .label_map import LabelMap
from .raster_tiles import LabelSource
from .scenes import Scene
from .vector_files import Polygons, read_polygons


class VectorLabels(LabelSource):
    """Polygons of one or many files, for all images, in any coordinate reference systems.

    A pixel has the class of the polygon that its centre is in; where polygons overlap, of the last
    one, in the order of the files' names and of the features in a file. A file without features
    says that there are no polygons. A ValueError if a file cannot be read or compared with the
    images, if an image has no place, or if no polygon touches an image.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        field: str,
        scenes: Sequence[Scene],
        label_map: LabelMap,
        layer: str | None = None,
        where: str | None = None,
        buffer: float | None = None,
    ) -> None:
        files = [read_polygons(path, field, layer, where, buffer) for path in paths]
        unlisted = label_map.unlisted('polygons')
        indices = [
            label_map.index(file.labels, f'{file.path}: field {field!r}', unlisted)
            for file in files
        ]
        self.indices = np.concatenate(indices).astype(np.uint8)
        self.background = label_map.background
        systems = {scene.ground().crs: scene for scene in scenes}
        self.trees = {crs: _tree(files, crs, scene.path) for crs, scene in systems.items()}
        self._notes = [note for file in files for note in file.notes] + unlisted.notes()
        self._notes += self._apart(files, scenes)

    def notes(self) -> list[str]:
        """Say what was left out of the files, and what lies apart."""
        return self._notes

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Give the labels of an image: the mask (height, width), uint8, of a window of it."""
        yield partial(self._mask, scene.ground())

    def _mask(self, place: Georeference, window: Window) -> np.ndarray:
        from rasterio.features import rasterize

        tree = self.trees[place.crs]
        found = np.sort(tree.query(ground(window, place)))  # what comes later covers the earlier
        mask = np.full((window.height, window.width), self.background, np.uint8)
        if found.size:
            shapes = zip(tree.geometries[found], self.indices[found].tolist(), strict=True)
            rasterize(shapes, out=mask, transform=place.at(window).transform)
        return mask

    def _apart(self, files: Sequence[Polygons], scenes: Sequence[Scene]) -> list[str]:
        """Say how many polygons and images touch none of the others; none at all is an error."""
        touched = np.zeros(len(self.indices), bool)
        bare = []
        for scene in scenes:
            place = scene.ground()
            whole = ground(Window(0, 0, scene.height, scene.width), place)
            found = self.trees[place.crs].query(whole, predicate='intersects')
            touched[found] = True
            bare += [] if found.size else [scene.name]
        if not touched.any():
            raise ValueError(_elsewhere(files, scenes))
        notes = []
        if not touched.all():
            notes.append(f'{(~touched).sum()} of {len(touched)} polygons touch no image')
        if bare:
            more = ', ...' if len(bare) > 5 else ''
            notes.append(f'{len(bare)} images touch no polygon: {", ".join(bare[:5])}{more}')
        return notes


def _elsewhere(files: Sequence[Polygons], scenes: Sequence[Scene]) -> str:
    """Say where polygons and images are, which do not meet."""
    drawn = [file for file in files if len(file.frame)]
    if not drawn:
        features = [note for file in files for note in file.notes]
        return (
            f'{files[0].path}: expected polygons, found none in {len(files)} files; '
            + '; '.join(features)
        ).rstrip('; ')
    bounds = drawn[0].frame.total_bounds.reshape(2, 2)
    crs = drawn[0].frame.crs
    wrong = crs is not None and crs.is_geographic and (np.abs(bounds) > (360, 90)).any()
    hint = ', which are no degrees: is its reference system stated?' if wrong else ''
    scene = scenes[0]
    place = outline(scene.height, scene.width, scene.ground(), scene.ground().crs)
    return (
        f'{drawn[0].path}: expected polygons that touch an image, found none; polygons are at '
        f'{extent(bounds, crs)}{hint}; {scene.path.name} is at {extent(place, scene.ground().crs)}'
    )


def _tree(files: Sequence[Polygons], crs: Any, image: Path) -> Any:  # noqa: ANN401
    """Index the geometries of all files in one coordinate reference system."""
    shapely = import_shapely()
    shapes = [_in_system(file, crs, image) for file in files if len(file.frame)]
    tree = shapely.STRtree(np.concatenate([np.empty(0, object), *shapes]))
    tree.query(shapely.Point())  # GEOS builds it at the first query: before threads share it
    return tree


def _in_system(file: Polygons, crs: Any, image: Path) -> np.ndarray:  # noqa: ANN401
    """The geometries of a file in a raster's reference system, (features,)."""
    from rasterio.crs import CRS

    own = file.frame.crs
    if own is None or crs is None:
        if own is not None or crs is not None:
            path = file.path if own is None else image
            raise ValueError(f'{path}: expected a coordinate reference system, found none')
        return file.frame.geometry.to_numpy()
    if not convertible(CRS.from_wkt(own.to_wkt()), crs):
        raise ValueError(
            f'{file.path}: expected a coordinate reference system that can be brought to that of '
            f'{image.name}, {system(crs)}, found {system(own)}'
        )
    return file.frame.geometry.to_crs(crs.to_wkt()).to_numpy()
