"""Where windows of scenes lie on the ground, and which of them are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .raster_io import Georeference
from .scenes import Scene
from .tiling import Window

if TYPE_CHECKING:
    import shapely  # type: ignore[import-untyped]

EDGE_POINTS = 21  # on each side of a scene, so that its outline may bend between two projections
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])


def import_shapely() -> Any:  # noqa: ANN401
    """Import shapely.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import shapely  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(
            "comparing footprints needs shapely: pip install 'ktda-mmseg[raster]'"
        ) from error
    return shapely


def neighbours(scenes: Sequence[Scene], guard: int) -> list[list[Scene]]:
    """Group scenes that overlap or are nearer to each other than a distance.

    Scenes without georeference stand alone.

    Args:
        scenes (Sequence[Scene]): The scenes, in any mixture of coordinate reference systems.
        guard (int): The distance in pixels, from 0; measured along rows and columns.

    Returns:
        list[list[Scene]]: The groups; each scene is in one, and order is kept.

    Raises:
        ValueError: If the distance is negative.
    """
    if guard < 0:
        raise ValueError(f'expected a guard of at least 0 pixels, got {guard}')
    placed = [scene for scene in scenes if scene.place is not None]
    groups = {scene.name: [scene] for scene in scenes if scene.place is None}
    if placed:
        shapely = import_shapely()
        crs = _common_crs(placed)
        # each grows by half; pixels of one grid lie whole numbers apart, so what touches is spared
        grow = (guard - 0.5) / 2
        outlines = shapely.polygons(np.stack([_outline(scene, grow, crs) for scene in placed]))
        near = shapely.STRtree(outlines).query(outlines, predicate='intersects')
        for scene, first in zip(placed, _components(near, len(placed)), strict=True):
            groups.setdefault(placed[first].name, []).append(scene)
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
        crs (rasterio.crs.CRS): The system.

    Returns:
        np.ndarray: Easting and northing, (..., 2).
    """
    from rasterio.warp import transform

    matrix = np.array(place.transform).reshape(3, 3)
    points = points @ matrix[:2, :2].T + matrix[:2, 2]
    if place.crs == crs:
        return points
    flat = points.reshape(-1, 2)
    return np.array(transform(place.crs, crs, *flat.T)).T.reshape(points.shape)


def to_pixels(points: np.ndarray, place: Georeference) -> np.ndarray:
    """Turn coordinates of a place's own system into column and row; inverse of :func:`to_map`."""
    matrix = np.linalg.inv(np.array(place.transform).reshape(3, 3))
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _corners(windows: Sequence[Window], grow: float) -> np.ndarray:
    """Column and row of the corners, (N, 4, 2)."""
    y, x, height, width = np.array(windows, float).T[..., None]
    columns = x - grow + UNIT_SQUARE[:, 0] * (width + 2 * grow)
    rows = y - grow + UNIT_SQUARE[:, 1] * (height + 2 * grow)
    return np.stack([columns, rows], -1)


def _outline(scene: Scene, grow: float, crs: Any) -> np.ndarray:  # noqa: ANN401
    """The outline of a scene, (points, 2)."""
    steps = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    edges = zip(UNIT_SQUARE, np.roll(UNIT_SQUARE, -1, 0), strict=True)
    square = np.concatenate([start + steps * (end - start) for start, end in edges])
    size = np.array([scene.width, scene.height])
    return to_map(square * (size + 2 * grow) - grow, scene.ground(), crs)


def _common_crs(scenes: Sequence[Scene]) -> Any:  # noqa: ANN401
    from rasterio.crs import CRS

    systems = {scene.place.crs for scene in scenes if scene.place is not None}
    return systems.pop() if len(systems) == 1 else CRS.from_epsg(4326)


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
