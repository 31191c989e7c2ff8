"""How large pixels are on the ground."""

from __future__ import annotations

from math import pi

import numpy as np

from ktda_mmseg.utils.extras import needed_for

from .files import Georeference

GroundSize = tuple[float, float]  # metres that a pixel measures, down and across


def ground_size(place: Georeference | None, shape: tuple[int, int]) -> GroundSize | None:
    """Measure the middle pixel of a raster along the ellipsoid.

    So pixels in degrees are told in metres, and those of a projection that stretches, as that of
    web maps does, by what they cover.

    Args:
        place (Georeference | None): Where the raster lies.
        shape (tuple[int, int]): Its height and width in pixels.

    Returns:
        GroundSize | None: Metres down and across; None without CRS or transform, where these
        contradict each other, and of a CRS of no place on Earth.

    Raises:
        ImportError: If pyproj is not installed.
    """
    if place is None or place.crs is None:
        return None
    with needed_for('the size of pixels on the ground', extra='raster'):
        from pyproj import CRS, Transformer
    crs = CRS.from_wkt(place.crs.to_wkt())
    ellipsoid, geographic = crs.get_geod(), crs.geodetic_crs
    if ellipsoid is None or geographic is None:
        return None
    rows, columns = shape[0] / 2, shape[1] / 2
    column = columns + np.array([0, 0, -0.5, 0.5])
    row = rows + np.array([-0.5, 0.5, 0, 0])
    a, b, c, d, e, f, *_ = place.transform
    to_degrees = Transformer.from_crs(crs, geographic, always_xy=True)
    degrees = to_degrees.transform(a * column + b * row + c, d * column + e * row + f)
    x, y = np.array(degrees) * geographic.axis_info[0].unit_conversion_factor
    if not np.isfinite([x, y]).all() or np.abs(y).max() > pi / 2 or np.abs(x).max() > 4 * pi:
        return None
    _, _, metres = ellipsoid.inv(x[::2], y[::2], x[1::2], y[1::2], radians=True)
    down, across = map(float, metres)
    return (down, across) if min(down, across) > 0 else None


def told(size: GroundSize) -> str:
    """Say a size in a few words."""
    down, across = (f'{side:.3g}' for side in size)
    return f'{down} m' if down == across else f'{down} m down and {across} m across'
