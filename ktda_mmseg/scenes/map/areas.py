"""How large pixels and outlines are on the ground."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np

from ktda_mmseg.utils.extras import needed_for

from .reading import SceneProfile


class Ground:
    """Areas in a scene's units.

    Of a projected scene they are those of its plane. Of a geographic one they are those on its
    ellipsoid in square metres, by Lambert's cylindrical equal-area projection, in which parallels
    and meridians are straight, so that pixels along them come out exactly (Snyder, Map Projections:
    A Working Manual, USGS 1987, p. 76); where the CRS moves the poles they are up to 1.4 % off.
    Without a CRS or a transform, or where they contradict each other, a pixel is the unit. Beyond
    the poles there is no area.

    Args:
        profile (SceneProfile): The scene.

    Attributes:
        unit (str): 'square metre', 'square US survey foot', 'pixel' and so on.

    Raises:
        ImportError: If the scene is geographic and geopandas (with pyproj) is not installed.
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
        """Return the area of each pixel of a row.

        Args:
            row (int): Number of the row.

        Returns:
            float | np.ndarray: One for all, or (W,) where they differ along the row.
        """
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
        """Return the areas of polygons.

        Args:
            outlines (np.ndarray): shapely polygons in pixels, columns first.

        Returns:
            np.ndarray: (N,), float64.
        """
        import shapely

        if self._to_plane is None:
            return shapely.area(outlines) * self._pixel
        # a slanting line is not straight in the other projection
        short = shapely.segmentize(outlines, 1)
        plane = moved(moved(short, self.to_map), self._to_plane)
        return shapely.area(plane)

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turn columns and rows into map coordinates; equal ones stay equal to the last bit."""
        a, b, c, d, e, f, *_ = self._transform
        return a * x + b * y + c, d * x + e * y + f


def moved(outlines: np.ndarray, move: Callable) -> np.ndarray:
    """Move polygons.

    Args:
        outlines (np.ndarray): shapely polygons.
        move (Callable): Takes x and y of all vertices and returns others.

    Returns:
        np.ndarray: As many polygons.
    """
    import shapely

    return shapely.transform(outlines, lambda points: np.stack(move(*points.T), axis=1))


def _equal_area(crs: Any) -> Callable:  # noqa: ANN401
    """Return what projects longitudes and latitudes of a CRS."""
    with needed_for('the area of a geographic scene', extra='raster'):
        from pyproj import CRS, Transformer
        from pyproj.crs import ProjectedCRS
        from pyproj.crs.coordinate_operation import LambertCylindricalEqualAreaConversion
    stated = CRS.from_wkt(crs.to_wkt())
    # a CRS made of another one by parameters for its datum, or by moving its poles
    geographic = (stated.source_crs or stated).to_2d()
    plane = ProjectedCRS(LambertCylindricalEqualAreaConversion(), geodetic_crs=geographic)
    # without wrapping longitudes of 180 and more
    projected = Transformer.from_crs(geographic, plane, always_xy=True, force_over=True).transform
    pole = pi / 2 / geographic.axis_info[0].unit_conversion_factor

    def to_plane(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # grids of points that end at a pole have pixels that reach beyond it
        return projected(x, np.clip(y, -pole, pole))

    return to_plane
