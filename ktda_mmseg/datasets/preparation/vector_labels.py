"""Polygons with a class field, drawn on the grid of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .footprints import ground, import_shapely
from .label_map import LabelMap
from .raster_io import Georeference
from .scenes import Scene
from .summary import IGNORE
from .tiling import Window

SUFFIXES = ('.gpkg', '.geojson', '.json', '.shp')


def vector_files(source: Path) -> list[Path]:
    """List the vector files of a folder by name, or the one that is named.

    Raises:
        FileNotFoundError: If there are none.
    """
    candidates = sorted(source.iterdir()) if source.is_dir() else [source]
    files = [path for path in candidates if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not files:
        raise FileNotFoundError(f'{source}: expected files *{{{",".join(SUFFIXES)}}}, found none')
    return files


class VectorLabels:
    """Polygons of one or many files, for all images.

    A pixel has the class of the polygon that its centre is in; where polygons overlap, of the last
    one, in the order of the files' names and of the features in a file.

    Args:
        paths (Sequence[Path]): GeoPackage, GeoJSON or shapefiles.
        field (str): The field that holds the labels.
        scenes (Sequence[Scene]): The images, in any coordinate reference systems.
        label_map (LabelMap): What the labels mean.

    Raises:
        ImportError: If geopandas is not installed.
        ValueError: If a file cannot be read, says nothing of its coordinate reference system or
            lacks the field, if a label is not in the label map, or if an image has no place.
    """

    unused = 0

    def __init__(
        self, paths: Sequence[Path], field: str, scenes: Sequence[Scene], label_map: LabelMap
    ) -> None:
        frames = [_read(path, field) for path in paths]
        indices = [
            label_map.index([_label(value) for value in frame[field]], path)
            for frame, path in zip(frames, paths, strict=True)
        ]
        self.indices = np.concatenate(indices)
        self.background = IGNORE if label_map.unlabelled is None else label_map.unlabelled
        self.trees = {crs: _tree(frames, crs) for crs in {scene.ground().crs for scene in scenes}}

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Give the labels of an image.

        Args:
            scene (Scene): The image.

        Yields:
            Callable: Gives the mask (height, width), uint8, of a window of the image.
        """
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


def _read(path: Path, field: str) -> Any:  # noqa: ANN401
    """Read a file as a GeoDataFrame."""
    try:
        import geopandas
    except ImportError as error:
        raise ImportError(
            "reading polygons needs geopandas: pip install 'ktda-mmseg[raster]'"
        ) from error
    try:
        frame = geopandas.read_file(path)
    except Exception as error:  # of whichever engine geopandas finds
        raise ValueError(f'{path}: expected vector data, found: {error}') from None
    if getattr(frame, 'crs', None) is None:
        raise ValueError(f'{path}: expected a coordinate reference system, found none')
    if field not in frame.columns:
        fields = [name for name in frame.columns if name != frame.geometry.name]
        raise ValueError(f'{path}: expected a field {field!r}, found {fields}')
    return frame


def _tree(frames: Sequence[Any], crs: Any) -> Any:  # noqa: ANN401
    """Index the geometries of all frames in one coordinate reference system."""
    shapely = import_shapely()
    wkt = crs.to_wkt()
    tree = shapely.STRtree(np.concatenate([f.geometry.to_crs(wkt).to_numpy() for f in frames]))
    tree.query(shapely.Point())  # GEOS builds it at the first query: before threads share it
    return tree


def _label(value: Any) -> Any:  # noqa: ANN401
    """A field's value as Python has it; whole numbers are int also where others are missing."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
