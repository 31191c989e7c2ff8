"""How large pixels and outlines are on the ground."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

import numpy as np

from ktda_mmseg.utils.extras import needed_for

from .reading import SceneProfile


class Ground:
    """Areas of a scene, in square units of its plane; ``unit`` names them.

    Of a geographic scene they are square metres on its ellipsoid; where the CRS moves the poles
    they are up to 1.4 % off. Without a CRS or a transform, or where they contradict each other, a
    pixel is the unit. Beyond the poles there is no area.
    """

    def __init__(self, profile: SceneProfile) -> None:
        self._transform, self._width = profile.transform, profile.width
        self._to_plane = None
        self.unit = 'pixel'
        crs = profile.crs if profile.measured else None
        if crs is not None and crs.is_geographic:
            self._to_plane = _equal_area(crs)
            self.unit = 'square metre'
        elif crs is not None:
            self.unit = f'square {crs.linear_units}'.replace('unknown', 'unit of the CRS')
        self._pixel = 1.0 if crs is None else abs(profile.transform.determinant)

    def of_row(self, row: int) -> float | np.ndarray:
        """Return the area of each pixel of a row: one for all, or (W,) where they differ."""
        if self._to_plane is None:
            return self._pixel
        north_up = self._transform.d == 0
        x, y = np.meshgrid(np.arange(2 if north_up else self._width + 1), [row, row + 1])
        x, y = self._to_plane(*self.to_map(x, y))
        # half the cross product of the diagonals
        area = (x[1, 1:] - x[0, :-1]) * (y[0, 1:] - y[1, :-1])
        area -= (y[1, 1:] - y[0, :-1]) * (x[0, 1:] - x[1, :-1])
        return abs(area[0]) / 2 if north_up else np.abs(area) / 2

    def of_outlines(self, outlines: np.ndarray) -> np.ndarray:
        """Return the areas (N,) of shapely polygons in pixels, columns first."""
        import shapely

        if self._to_plane is None:
            return shapely.area(outlines) * self._pixel
        # a slanting line is not straight in the other projection
        short = shapely.segmentize(outlines, 1)
        return shapely.area(moved(moved(short, self.to_map), self._to_plane))

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn columns and rows into map coordinates; equal ones stay equal to the last bit."""
        a, b, c, d, e, f, *_ = self._transform
        return a * x + b * y + c, d * x + e * y + f


def moved(outlines: np.ndarray, move: Callable) -> np.ndarray:
    """Move shapely polygons by a function of x and y of all vertices."""
    import shapely

    return shapely.transform(outlines, lambda points: np.stack(move(*points.T), axis=1))


def _equal_area(crs: Any) -> Callable:  # noqa: ANN401
    """Return Lambert's cylindrical equal-area projection of a geographic CRS's coordinates.

    Parallels and meridians are straight in it, so pixels along them come out exactly, as geodesics
    do not make them (Snyder, Map Projections: A Working Manual, USGS 1987, equations 3-12, 10-14).
    """
    with needed_for('the area of a geographic scene', extra='raster'):
        from pyproj import CRS
    ellipsoid: Any = CRS.from_wkt(crs.to_wkt()).get_geod()
    _, radians = crs.units_factor
    flatness = ellipsoid.es
    eccentricity = sqrt(flatness) or 1e-9  # of a sphere it would divide by 0

    def to_plane(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # grids of points that end at a pole have pixels that reach beyond it
        sine = np.sin(np.clip(y * radians, -pi / 2, pi / 2))
        authalic = sine / (1 - flatness * sine**2)
        authalic += np.arctanh(eccentricity * sine) / eccentricity
        return ellipsoid.a * radians * x, ellipsoid.a * (1 - flatness) / 2 * authalic

    return to_plane
