"""Areas of one class as polygons, in a GeoPackage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ktda_mmseg.raster.files import import_rasterio, open_raster
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.files import atomic

from .areas import Ground, moved
from .card import ModelCard
from .reading import SceneProfile
from .strips import NODATA

BATCH = 10_000  # polygons to write at once


class Outlines(NamedTuple):
    """How polygons are drawn.

    Attributes:
        min_area (float): What covers less is left out, in the scene's unit of area
            (:class:`~.areas.Ground`). Default: 0.
        simplify (float): Detail to leave out, in pixels: the square root of the triangles that go.
            Neighbours keep a common border. 0 follows the edges of the pixels. Default: 1, which
            leaves no steps.
    """

    min_area: float = 0
    simplify: float = 1


def write_polygons(
    profile: SceneProfile, card: ModelCard, labels: Path, outlines: Outlines, path: Path
) -> None:
    """Write one polygon for each connected area of a class; pixels connect by their edges.

    Columns: ``label``, ``class`` and ``area`` in the scene's unit, of the polygon as it is drawn.
    The map is read by rows; memory grows with the corners of the polygons, not with the pixels.
    """
    if min(outlines) < 0:
        raise ValueError(f'expected polygons with values of 0 or more, got {outlines}')
    with needed_for('writing polygons', extra='raster'):
        import pyogrio
        import shapely
        from geopandas import GeoDataFrame

    ground = Ground(profile)
    found, polygons = _trace(labels)
    if outlines.min_area:
        large = ground.of_outlines(polygons) >= outlines.min_area
        found, polygons = found[large], polygons[large]
    if outlines.simplify:
        # neighbours must share every corner, also those where a third one begins
        polygons = shapely.transform(shapely.segmentize(polygons, 1), np.rint)
        polygons = shapely.coverage_simplify(polygons, outlines.simplify)
    names = np.array(card.classes, object)
    # else the file says when it was written
    pyogrio.set_gdal_config_options({'OGR_CURRENT_DATE': '1970-01-01T00:00:00Z'})
    with atomic(path) as partial:
        try:
            for first in range(0, max(len(found), 1), BATCH):
                batch = slice(first, first + BATCH)
                columns = {
                    'label': found[batch],
                    'class': names[found[batch]],
                    'area': ground.of_outlines(polygons[batch]),
                }
                places = moved(polygons[batch], ground.to_map)
                crs = profile.crs if profile.placed else None
                frame = GeoDataFrame(columns, geometry=places, crs=crs)
                layer = dict(driver='GPKG', layer=path.stem, geometry_type='Polygon')
                pyogrio.write_dataframe(frame, partial, append=first > 0, **layer)
            written = _indexed(partial, path.stem)
        except (RuntimeError, sqlite3.Error) as error:
            raise OSError(
                f'{path}: expected to write polygons, found: {error}; a full disk?'
            ) from None
        finally:
            pyogrio.set_gdal_config_options({'OGR_CURRENT_DATE': None})
            Path(f'{partial}-journal').unlink(missing_ok=True)
        if written != len(found):
            raise OSError(f'{path}: expected {len(found)} polygons in it, found {written}')


def _indexed(path: Path, layer: str) -> int:
    """Count polygons in the spatial index, which GDAL writes last and misses without a word."""
    index = f'rtree_{layer}_geom'.replace('"', '""')
    with closing(sqlite3.connect(path)) as content:
        return content.execute(f'SELECT COUNT(*) FROM "{index}"').fetchone()[0]


def _trace(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and polygons, in pixels, of all areas with data."""
    rasterio = import_rasterio()
    import shapely
    from rasterio.features import shapes
    from shapely.geometry import shape

    labels, polygons = [], []
    with rasterio.Env(GDAL_GEOREF_SOURCES='NONE'), open_raster(path) as raster:
        for outline, label in shapes(rasterio.band(raster, 1), connectivity=4):
            if label != NODATA:
                labels.append(int(label))
                polygons.append(shape(outline))
    return np.array(labels, int), np.array(polygons, dtype=shapely.Geometry)
