"""Where a scene lies on Earth, as GeoJSON has it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.raster.files import Georeference
from ktda_mmseg.scenes.prepare.footprints import convertible, import_shapely, outline
from ktda_mmseg.utils.extras import needed_for

from .reading import SceneProfile

WGS84 = 'EPSG:4326'
DECIMALS = 9  # of degrees, 0.1 mm: what is beyond is noise, which could cut a slit at 180 degrees


class Footprint(NamedTuple):
    """A place in longitudes and latitudes of WGS 84, of RFC 7946; None if there is none.

    Attributes:
        geometry (dict[str, Any] | None): A Polygon, or a MultiPolygon that is cut at 180 degrees.
        bbox (list[float] | None): West, south, east and north; west is more than east where it
            spans 180 degrees.
    """

    geometry: dict[str, Any] | None = None
    bbox: list[float] | None = None


def footprint(profile: SceneProfile) -> Footprint:
    """Return what a scene covers: its outline with points between the corners.

    A scene has none if it does not say where on Earth it is, or reaches beyond it, as the corners
    of a map of the whole world may.
    """
    if not profile.measured or not convertible(profile.crs, WGS84):
        return Footprint()
    with needed_for('a footprint', extra='raster'):
        from pyproj import Transformer
    place = Georeference(profile.crs, profile.transform)
    points = outline(profile.height, profile.width, place, profile.crs)
    to_degrees = Transformer.from_crs(profile.crs.to_wkt(), WGS84, always_xy=True)
    points = np.stack(to_degrees.transform(*points.T), axis=1)
    if not np.isfinite(points).all():
        return Footprint()
    points = np.concatenate([points, points[:1]])
    points[:, 0] = np.unwrap(points[:, 0], period=360)
    points = points.round(DECIMALS)
    if turns := round((points[-1, 0] - points[0, 0]) / 360):  # it goes around a pole
        pole = np.copysign(90, points[:, 1].mean())
        back = [[points[0, 0] + 360 * turns, pole], [points[0, 0], pole]]
        points = np.concatenate([points, back])
    (west, south), (east, north) = points.min(0), points.max(0)
    west, east = (
        ((west + 180) % 360 - 180, 180 - (180 - east) % 360) if east - west < 360 else (-180, 180)
    )
    box = np.clip([west, south, east, north], [-180, -90] * 2, [180, 90] * 2).round(DECIMALS)
    return Footprint(_cut(points), box.tolist())


def _cut(ring: np.ndarray) -> dict[str, Any]:
    """Bring a ring (points, 2) to longitudes from -180 to 180; outer rings go counter-clockwise."""
    shapely = import_shapely()
    whole = shapely.make_valid(shapely.Polygon(ring))
    first, last = np.floor(np.array([ring[:, 0].min(), ring[:, 0].max()]) / 360 + 0.5)
    shifts = np.arange(first, last + 1) * 360
    worlds = shapely.box(shifts - 180, -90, shifts + 180, 90)
    parts = [
        shapely.transform(part, lambda points, shift=shift: points - [shift, 0])
        for part, shift in zip(shapely.intersection(whole, worlds), shifts, strict=True)
    ]
    # without the lines at which a world is only touched
    joined = shapely.union_all(shapely.buffer(parts, 0))
    return shapely.geometry.mapping(shapely.orient_polygons(joined))
