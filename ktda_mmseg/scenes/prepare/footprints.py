"""Where windows of scenes lie on the ground, in any coordinate reference systems."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ktda_mmseg.utils.extras import needed_for

from ...raster.files import Georeference
from ...raster.tiling import Window
from .scenes import Scene

if TYPE_CHECKING:
    import shapely  # type: ignore[import-untyped]

EDGE_POINTS = 21  # on each side of a scene, so that its outline may bend between two projections
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def import_shapely() -> Any:  # noqa: ANN401
    """Import shapely; an ImportError says what to install where it is missing."""
    with needed_for('comparing footprints', extra='raster'):
        import shapely  # type: ignore[import-untyped]
    return shapely


def rectangles(
    windows: Sequence[Window], scene: Scene, reference: Scene, grow: float = 0
) -> np.ndarray:
    """Draw N windows of a scene as polygons, (N,), in columns and rows of a reference scene.

    Each grows at each side by a number of pixels of its own scene.
    """
    corners = _corners(windows, grow)
    if scene is not reference:
        corners = to_pixels(
            to_map(corners, scene.ground(), reference.ground().crs), reference.ground()
        )
    return import_shapely().polygons(corners)


def ground(window: Window, place: Georeference) -> shapely.Polygon:
    """Draw a window in the map coordinates of its scene's place."""
    return import_shapely().Polygon(to_map(_corners([window], 0)[0], place, place.crs))


def outline(
    height: int,
    width: int,
    place: Georeference,
    crs: Any,  # noqa: ANN401
    grow: float = 0,
) -> np.ndarray:
    """Return points along the border of a raster that grows by pixels, (points, 2), in ``crs``."""
    steps = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    sides = zip(UNIT_SQUARE, np.roll(UNIT_SQUARE, -1, 0), strict=True)
    square = np.concatenate([start + steps * (end - start) for start, end in sides])
    return to_map(square * (np.array([width, height]) + 2 * grow) - grow, place, crs)


def to_map(points: np.ndarray, place: Georeference, crs: Any) -> np.ndarray:  # noqa: ANN401
    """Turn column and row, (..., 2), into easting and northing of a rasterio CRS.

    Where a system is not stated, None, it is taken to be the other.
    """
    from rasterio.warp import transform

    matrix = np.array(place.transform).reshape(3, 3)
    points = points @ matrix[:2, :2].T + matrix[:2, 2]
    if place.crs is None or crs is None or place.crs == crs:
        return points
    flat = points.reshape(-1, 2)
    return np.array(transform(place.crs, crs, *flat.T)).T.reshape(points.shape)


def to_pixels(points: np.ndarray, place: Georeference) -> np.ndarray:
    """Turn coordinates of a place's own system into column and row; inverse of :func:`to_map`."""
    matrix = np.linalg.inv(np.array(place.transform).reshape(3, 3))
    return points @ matrix[:2, :2].T + matrix[:2, 2]


@cache
def convertible(crs: Any, other: Any) -> bool:  # noqa: ANN401
    """Tell whether PROJ can bring coordinates of one rasterio CRS, or its text, to another.

    A local (engineering) system has no relation to any other, nor has the Moon's to the Earth's.
    """
    from rasterio.crs import CRS
    from rasterio.warp import transform

    first, second = CRS.from_user_input(crs), CRS.from_user_input(other)
    if first == second:  # local systems are so whatever their names
        if first.to_dict(projjson=True).get('name') == second.to_dict(projjson=True).get('name'):
            return True
        second = CRS.from_epsg(4326)
    try:
        transform(first, second, [0.0], [0.0])
    except Exception:  # rasterio names no public class for what GDAL says
        return False
    return True


def related(systems: Sequence[Any]) -> list[list[int]]:
    """Group the numbers of things by reference systems between which coordinates can be brought.

    A system that is not stated, None, is taken to be that of the others if they have one only.
    """
    stated = {crs for crs in systems if crs is not None}
    default = stated.pop() if len(stated) == 1 else None
    groups: list[tuple[Any, list[int]]] = []
    for number, crs in enumerate(default if crs is None else crs for crs in systems):
        for other, members in groups:
            if convertible(crs, other) if None not in (crs, other) else crs is other:
                members.append(number)
                break
        else:
            groups.append((crs, [number]))
    return [members for _, members in groups]


def extent(points: np.ndarray, crs: Any) -> str:  # noqa: ANN401
    """Say where something lies: 'x 500000 to 500128, y 4999872 to 5000000 (EPSG:32633)'."""
    points = points.reshape(-1, 2)
    (left, bottom), (right, top) = points.min(0), points.max(0)
    return f'x {left:.8g} to {right:.8g}, y {bottom:.8g} to {top:.8g} ({system(crs)})'


def system(crs: Any) -> str:  # noqa: ANN401
    """Name a rasterio or pyproj reference system in an error; None is one that is not stated."""
    return 'no coordinate reference system' if crs is None else crs.to_string()[:40]


def _corners(windows: Sequence[Window], grow: float) -> np.ndarray:
    """Column and row of the corners, (N, 4, 2)."""
    y, x, height, width = np.array(windows, float).T[..., None]
    columns = x - grow + UNIT_SQUARE[:, 0] * (width + 2 * grow)
    rows = y - grow + UNIT_SQUARE[:, 1] * (height + 2 * grow)
    return np.stack([columns, rows], -1)
