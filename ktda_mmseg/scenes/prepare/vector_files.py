"""Reading vector files: the layer with polygons, its field of labels, areas around the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.utils.extras import needed_for

from .footprints import extent, import_shapely
from .listing import walk

SUFFIXES = ('.gpkg', '.geojson', '.json', '.shp')
AREAS = ('Polygon', 'MultiPolygon')


class Polygons(NamedTuple):
    """What a vector file holds: a GeoDataFrame of polygons, the label of each, and what to note."""

    path: Path
    frame: Any
    labels: list[Any]
    notes: list[str]


def vector_files(source: Path) -> list[Path]:
    """List the vector files of a folder and its sub-folders, or the one that is named."""
    candidates = sorted(walk(source)) if source.is_dir() else [source]
    files = [path for path in candidates if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not files:
        raise FileNotFoundError(f'{source}: expected files *{{{",".join(SUFFIXES)}}}, found none')
    return files


def read_polygons(
    path: Path,
    field: str,
    layer: str | None = None,
    where: str | None = None,
    buffer: float | None = None,
) -> Polygons:
    """Read the polygons of a file and the field of their labels; nothing where it has no features.

    Features without geometry are left out. ``layer`` is None for the only one that holds polygons,
    ``where`` for all features, else it is an expression of OGR's SQL; lines and points become areas
    by ``buffer`` metres, and are an error without it.

    Raises:
        ImportError: If geopandas is not installed.
        ValueError: If the file cannot be read, has no such layer or field, or cannot be asked by
            ``where``; if a label is a list or a mapping.
    """
    with needed_for('reading polygons', extra='raster'):
        import geopandas
        import pyogrio
    with _explained(path):
        layers = _layers(pyogrio, path)
    chosen = _choose(path, layers, layer, buffer is not None)
    with _explained(path):
        frame = geopandas.read_file(path, layer=chosen, where=where)
    notes = []
    if where is not None:
        count = layers[chosen][1]
        notes.append(f'{path}: read {len(frame)} of {count} features, those where {where}')
    others = [name for name, (kind, count) in layers.items() if name != chosen and kind and count]
    if others:
        notes.append(f'{path}: layer {chosen!r} was read, left out: {", ".join(map(repr, others))}')
    if not len(frame):
        return Polygons(path, frame, [], notes)
    if field not in frame.columns or field == frame.geometry.name:
        fields = [name for name in frame.columns if name != frame.geometry.name]
        raise ValueError(f'{path}: expected a field {field!r}, found {fields}')
    drawn = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if len(drawn) < len(frame):
        notes.append(f'{path}: {len(frame) - len(drawn)} of {len(frame)} features have no geometry')
    labels = _values(path, field, drawn[field])
    other = ~drawn.geometry.map(_is_area).to_numpy(bool)
    if other.any():
        kinds = Counter(drawn.geometry.geom_type[other])
        found = ', '.join(f'{count} {kind}' for kind, count in kinds.items())
        if buffer is None:
            raise ValueError(
                f'{path}: expected polygons, found {found}; --buffer METRES makes areas of them'
            )
        drawn = _buffered(path, drawn, other, buffer)
        notes.append(f'{path}: {found} became areas by a buffer of {buffer:g} m')
    return Polygons(path, drawn, labels, notes)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the reader of vector files says into one sentence."""
    try:
        yield
    except Exception as error:  # of whichever engine geopandas finds
        raise ValueError(f'{path}: expected vector data, found: {error}') from None


def _layers(pyogrio: Any, path: Path) -> dict[str, tuple[str | None, int]]:  # noqa: ANN401
    """Type of geometry, None for a plain table, and number of features of each layer."""
    return {
        name: (kind, pyogrio.read_info(path, layer=name, force_feature_count=True)['features'])
        for name, kind in pyogrio.list_layers(path)
    }


def _choose(
    path: Path, layers: dict[str, tuple[str | None, int]], layer: str | None, any_kind: bool
) -> str:
    names = ', '.join(f'{name!r} ({kind}, {n})' for name, (kind, n) in layers.items() if kind)
    if layer is not None:
        if layer not in layers:
            raise ValueError(f'{path}: expected a layer {layer!r}, found {names}')
        return layer
    if not layers:
        raise ValueError(f'{path}: expected a layer of polygons, found none')
    filled = {name: kind for name, (kind, count) in layers.items() if kind and count}
    areas = [
        name
        for name, kind in filled.items()
        if any_kind or not any(word in kind for word in ('Point', 'LineString'))
    ]
    if len(areas) > 1:
        raise ValueError(
            f'{path}: expected one layer to read, found {names}; choose one by --layer NAME'
        )
    return next(iter(areas or filled or layers))


def _values(path: Path, field: str, column: Any) -> list[Any]:  # noqa: ANN401
    missing = column.isna()
    values = [None if gone else value for value, gone in zip(column, missing, strict=True)]
    nested = [value for value in values if isinstance(value, list | dict | tuple | np.ndarray)]
    if nested:
        raise ValueError(
            f'{path}: expected one value a feature in field {field!r}, found lists or mappings in '
            f'{len(nested)} features, such as {str(nested[0])[:60]}'
        )
    return values


def _is_area(geometry: Any) -> bool:  # noqa: ANN401
    if geometry.geom_type == 'GeometryCollection':
        return all(map(_is_area, geometry.geoms))
    return geometry.geom_type in AREAS


def _parts(geometry: Any) -> list[Any]:  # noqa: ANN401
    """The points, lines and polygons that a geometry consists of."""
    parts = getattr(geometry, 'geoms', None)
    return [geometry] if parts is None else [p for part in parts for p in _parts(part)]


def _buffered(path: Path, frame: Any, other: np.ndarray, metres: float) -> Any:  # noqa: ANN401
    """Draw areas around what is marked in ``other``, (features,), bool; polygons stay."""
    import geopandas

    shapely = import_shapely()
    shapes = frame.geometry.to_numpy().copy()
    marked = np.flatnonzero(other).tolist()
    parts = [(number, part) for number in marked for part in _parts(shapes[number])]
    thin = [part for _, part in parts if not _is_area(part)]
    areas = iter(_around(path, geopandas.GeoSeries(thin, crs=frame.crs), metres))
    pieces: dict[int, list[Any]] = {}
    for number, part in parts:
        pieces.setdefault(number, []).append(part if _is_area(part) else next(areas))
    for number, drawn in pieces.items():
        shapes[number] = shapely.union_all(drawn)
    return frame.set_geometry(geopandas.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _around(path: Path, shapes: Any, metres: float) -> np.ndarray:  # noqa: ANN401
    """Buffer the shapes of a GeoSeries by metres on the ground, (shapes,)."""
    crs = shapes.crs
    if crs is None or not (crs.is_geographic or crs.is_projected):  # whose unit is all there is
        factor = 1.0 if crs is None else crs.axis_info[0].unit_conversion_factor
        return shapes.buffer(metres / factor).to_numpy()
    globe = shapes.to_crs(4326)
    points = np.column_stack([globe.bounds.minx, globe.bounds.miny])
    if not (np.abs(points) <= (360, 90)).all():
        raise ValueError(
            f'{path}: expected coordinates on the globe, found {extent(points, globe.crs)}: is its '
            'reference system stated?'
        )
    # around the middle of each cell of one degree a metre is a metre
    cells, cell = np.unique(np.floor(points), axis=0, return_inverse=True)
    areas = np.empty(len(shapes), object)
    for number, (longitude, latitude) in enumerate(cells + 0.5):
        there = cell.ravel() == number
        local = f'+proj=aeqd +lon_0={longitude} +lat_0={latitude}'
        areas[there] = globe[there].to_crs(local).buffer(metres).to_crs(crs).to_numpy()
    return areas
