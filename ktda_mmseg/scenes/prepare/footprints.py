"""Where windows of scenes lie on the ground, and which of them are near each other."""

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
    """Import shapely.

    Raises:
        ImportError: If it is not installed.
    """
    with needed_for('comparing footprints', extra='raster'):
        import shapely  # type: ignore[import-untyped]
    return shapely


def neighbours(scenes: Sequence[Scene], guard: int) -> list[list[Scene]]:
    """Group scenes that overlap or are nearer to each other than a distance.

    Scenes without georeference stand alone. Scenes whose systems have no relation, as a building
    site's own grid has none to UTM, are never near each other.

    Args:
        scenes (Sequence[Scene]): The scenes, in any mixture of coordinate reference systems; one
            that states none is taken to be in that of the others if they have one only.
        guard (int): The distance in pixels, from 0; measured along rows and columns.

    Returns:
        list[list[Scene]]: The groups; each scene is in one, and order is kept.

    Raises:
        ValueError: If the distance is negative.
    """
    if guard < 0:
        raise ValueError(f'expected a guard of at least 0 pixels, got {guard}')
    placed = [scene for scene in scenes if scene.place is not None and scene.place.anchored]
    groups = {scene.name: [scene] for scene in scenes if scene not in placed}
    # each grows by half; pixels of one grid lie whole numbers apart, so what touches is spared
    grow = (guard - 0.5) / 2
    for members in related([scene.ground().crs for scene in placed]):
        shapely = import_shapely()
        family = [placed[number] for number in members]
        crs = _common_crs(family)
        outlines = shapely.polygons(
            [outline(s.height, s.width, s.ground(), crs, grow) for s in family]
        )
        near = shapely.STRtree(outlines).query(outlines, predicate='intersects')
        for scene, first in zip(family, _components(near, len(family)), strict=True):
            groups.setdefault(family[first].name, []).append(scene)
    return list(groups.values())


def rectangles(
    windows: Sequence[Window], scene: Scene, reference: Scene, grow: float = 0
) -> np.ndarray:
    """Draw windows of a scene in the pixels of another scene.

    Args:
        windows (Sequence[Window]): The windows, N of them, at least one.
        scene (Scene): The scene they belong to.
        reference (Scene): The scene whose columns and rows are the coordinates.
        grow (float): By how many pixels of ``scene`` each grows at each side. Default: 0.

    Returns:
        np.ndarray: shapely polygons, (N,).
    """
    corners = _corners(windows, grow)
    if scene is not reference:
        corners = to_pixels(
            to_map(corners, scene.ground(), reference.ground().crs), reference.ground()
        )
    return import_shapely().polygons(corners)


def ground(window: Window, place: Georeference) -> shapely.Polygon:
    """Draw a window in map coordinates.

    Args:
        window (Window): The window.
        place (Georeference): Where its scene lies.

    Returns:
        shapely.Polygon: The rectangle, or what a rotated transform makes of it.
    """
    return import_shapely().Polygon(to_map(_corners([window], 0)[0], place, place.crs))


def to_map(points: np.ndarray, place: Georeference, crs: Any) -> np.ndarray:  # noqa: ANN401
    """Turn pixel coordinates into coordinates of a reference system.

    Args:
        points (np.ndarray): Column and row, (..., 2).
        place (Georeference): Where the pixels lie.
        crs (rasterio.crs.CRS | None): The system; where one is not stated it is taken to be the
            other.

    Returns:
        np.ndarray: Easting and northing, (..., 2).
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
    """Tell whether coordinates of one reference system can be brought to another.

    A local (engineering) system has no relation to any other, nor has the Moon's to the Earth's.

    Args:
        crs (rasterio.crs.CRS | str): The one.
        other (rasterio.crs.CRS | str): The other.

    Returns:
        bool: Whether PROJ knows a way; True if they are the same.
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


def extent(points: np.ndarray, crs: Any) -> str:  # noqa: ANN401
    """Say where something lies, for an error.

    Args:
        points (np.ndarray): Easting and northing, (..., 2).
        crs (rasterio.crs.CRS | pyproj.CRS | None): Their reference system.

    Returns:
        str: Such as 'x 500000 to 500128, y 4999872 to 5000000 (EPSG:32633)'.
    """
    points = points.reshape(-1, 2)
    (left, bottom), (right, top) = points.min(0), points.max(0)
    return f'x {left:.8g} to {right:.8g}, y {bottom:.8g} to {top:.8g} ({system(crs)})'


def system(crs: Any) -> str:  # noqa: ANN401
    """Name a rasterio or pyproj reference system in an error; None is one that is not stated."""
    return 'no coordinate reference system' if crs is None else crs.to_string()[:40]


def outline(
    height: int,
    width: int,
    place: Georeference,
    crs: Any,  # noqa: ANN401
    grow: float = 0,
) -> np.ndarray:
    """Return points along the border of a raster.

    Args:
        height (int): Rows.
        width (int): Columns.
        place (Georeference): Where it lies.
        crs (rasterio.crs.CRS | None): The system of the result.
        grow (float): By how many pixels it grows at each side. Default: 0.

    Returns:
        np.ndarray: Easting and northing, (points, 2).
    """
    steps = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    edges = zip(UNIT_SQUARE, np.roll(UNIT_SQUARE, -1, 0), strict=True)
    square = np.concatenate([start + steps * (end - start) for start, end in edges])
    return to_map(square * (np.array([width, height]) + 2 * grow) - grow, place, crs)


def related(systems: Sequence[Any]) -> list[list[int]]:
    """Group things by reference systems between which coordinates can be brought.

    Args:
        systems (Sequence[rasterio.crs.CRS | str | None]): The system of each thing; None, where it
            is not stated, is taken to be that of the others if they have one only.

    Returns:
        list[list[int]]: Numbers of the things in each group.
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


def _corners(windows: Sequence[Window], grow: float) -> np.ndarray:
    """Column and row of the corners, (N, 4, 2)."""
    y, x, height, width = np.array(windows, float).T[..., None]
    columns = x - grow + UNIT_SQUARE[:, 0] * (width + 2 * grow)
    rows = y - grow + UNIT_SQUARE[:, 1] * (height + 2 * grow)
    return np.stack([columns, rows], -1)


def _common_crs(scenes: Sequence[Scene]) -> Any:  # noqa: ANN401
    from rasterio.crs import CRS

    systems = [*dict.fromkeys(crs for s in scenes if (crs := s.ground().crs) is not None)]
    if len(systems) < 2:
        return next(iter(systems), None)
    globe = CRS.from_epsg(4326)
    return globe if convertible(systems[0], globe) else systems[0]


def _components(pairs: np.ndarray, count: int) -> np.ndarray:
    """Number of the first member of each one's connected component, (count,); pairs (2, N)."""
    first, second = pairs
    group = np.arange(count)
    while True:
        lower = group.copy()
        np.minimum.at(lower, first, group[second])
        if (lower == group).all():
            return group
        group = lower
