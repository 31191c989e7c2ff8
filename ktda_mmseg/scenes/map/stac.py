"""STAC items of maps with their places on Earth, and what items of models share with them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import numpy as np

from ktda_mmseg.raster.colours import hex_colour
from ktda_mmseg.raster.files import Georeference
from ktda_mmseg.scenes.prepare.footprints import convertible, import_shapely, outline
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.files import write_json
from ktda_mmseg.version import __version__

from .card import ModelCard
from .reading import SceneProfile
from .strips import NODATA
from .summary import Counts
from .times import Time, parse_time

if TYPE_CHECKING:
    from pystac import Item

    from .sources import Dated

WGS84 = 'EPSG:4326'
DECIMALS = 9  # of degrees, 0.1 mm: what is beyond is noise, which could cut a slit at 180 degrees
SUFFIX = '.stac.json'
PROCESSING = 'https://stac-extensions.github.io/processing/v1.2.0/schema.json'  # pystac has none
TIFF = 'image/tiff; application=geotiff; profile=cloud-optimized'
ASSETS = {  # media type and role of each product; only one is 'data', for those who look for that
    'map': (TIFF, 'data'),
    'style': ('application/xml', 'style'),
    'confidence': (TIFF, 'confidence'),
    'probabilities': (TIFF, 'probabilities'),
    'polygons': ('application/geopackage+sqlite3', 'polygons'),
    'quicklook': ('image/png', 'overview'),
    'summary': ('application/json', 'metadata'),
}


class Origin(NamedTuple):
    """What items of maps say that neither a scene nor the card of a model does.

    Attributes:
        times (Mapping[str, Time]): When scenes were taken, by the names of their maps; see
            :func:`~.times.parse_time`.
        model (Path | None): Item of the model, if it has one. Default: None.
    """

    times: Mapping[str, Time]
    model: Path | None = None

    @classmethod
    def of(cls, scenes: Mapping[str, Dated], when: str, model: Path) -> Origin:
        """Take one time of all scenes, or with '' those of their items, and what is by a model.

        ``ValueError`` if the time is none; see :func:`~.times.parse_time`.
        """
        times = {name: scene.time for name, scene in scenes.items() if scene.time is not None}
        beside = item_path(model)
        return cls(
            dict.fromkeys(scenes, parse_time(when)) if when else times,
            beside if beside.is_file() else None,
        )

    def time(self, name: str) -> Time:
        """Return when a scene was taken; ValueError if that is not known."""
        if name not in self.times:
            raise ValueError('expected a STAC item with its time, found none; give --stac a time')
        return self.times[name]


def write_item(
    profile: SceneProfile,
    card: ModelCard,
    counts: Counts,
    origin: Origin,
    model: str,
    paths: Mapping[str, Path],
    folder: Path,
) -> None:
    """Write the item of a map beside its products, whose links begin at their final folder.

    ``model`` is its identity; the processing extension has no place for it but free text.
    """
    pystac = import_pystac()
    path = paths['stac']
    name = path.name.removesuffix(SUFFIX)
    item = new_item(name, origin.time(name), footprint(profile))
    item.properties |= {
        'processing:level': 'L4',
        'processing:lineage': f'Labels of {profile.path.name} by the model of SHA-256 {model}',
    }
    for kind, described in ASSETS.items():
        if kind not in paths:
            continue
        add_file(item, kind, paths[kind], *described)
        if described[0] == TIFF:
            item.assets[kind].extra_fields |= _grid(profile)
    nodata = {'value': NODATA, 'name': 'nodata', 'nodata': True}
    classes = [
        {**one, 'count': int(counts.pixels[one['value']])} for one in [*classes_of(card), nodata]
    ]
    item.assets['map'].extra_fields |= {
        'data_type': 'uint8',
        'nodata': NODATA,
        'classification:classes': classes,
    }
    if origin.model is not None:
        href = quote(Path(os.path.relpath(origin.model, folder)).as_posix())
        item.properties['processing:expression'] = {'format': 'stac-mlm', 'expression': href}
        named = {'mlm:name': origin.model.name.removesuffix(SUFFIX), 'processing:level': 'L4'}
        link = pystac.Link('derived_from', href, 'application/geo+json', extra_fields=named)
        item.add_link(link)
    save(item, path, 'proj', 'classification')


def _grid(profile: SceneProfile) -> dict[str, Any]:
    """Return the fields of the projection extension."""
    from rasterio.enums import WktVersion

    crs = profile.crs
    authority = crs and crs.to_authority()
    grid = {
        'proj:code': ':'.join(authority) if authority else None,
        'proj:shape': [profile.height, profile.width],
    }
    if crs and not authority:
        grid['proj:wkt2'] = crs.to_wkt(version=WktVersion.WKT2_2019)
    if profile.placed:
        grid['proj:transform'] = list(profile.transform)[:6]
    return grid


def import_pystac() -> Any:  # noqa: ANN401
    """Import pystac, which writes STAC items; an ImportError says how to install it."""
    with needed_for('a STAC item', extra='stac'):
        import pystac.utils
    return pystac


def item_path(model: Path) -> Path:
    """Return where the item of an exported model lies: beside it, as its card does."""
    return model.with_name(f'{model.name}{SUFFIX}')


def new_item(name: str, time: Time, place: Footprint | None = None) -> Item:
    """Return an item of what this version of the package made."""
    pystac = import_pystac()
    when = time.get('datetime')
    moment = None if when is None else pystac.utils.str_to_datetime(when)
    software = {'processing:software': {'ktda-mmseg': __version__}}
    item = pystac.Item(name, *(place or Footprint()), moment, {**time, **software})
    item.stac_extensions.append(PROCESSING)
    return item


def add_file(item: Item, key: str, path: Path, media: str, *roles: str, **fields: Any) -> None:  # noqa: ANN401
    """Add a file that lies beside the item."""
    href = f'./{quote(path.name)}'
    asset = import_pystac().Asset(href, media_type=media, roles=list(roles), extra_fields=fields)
    item.add_asset(key, asset)


def classes_of(card: ModelCard) -> list[dict[str, Any]]:
    """Return class objects of the classification extension, which allows few letters in names."""
    return [
        {
            'value': label,
            'name': re.sub('[^0-9A-Za-z_-]+', '_', name).strip('_') or f'class_{label}',
            'title': name,
            'description': name,  # which the first version of the extension asks for
            'color_hint': hex_colour(colour).removeprefix('#').upper(),
        }
        for label, (name, colour) in enumerate(zip(card.classes, card.palette, strict=True))
    ]


def save(item: Item, path: Path, *extensions: str) -> None:
    """Write an item with the links that it has, as a whole; extensions have pystac's names."""
    known: Any = item.ext
    for extension in extensions:
        known.add(extension)
    content = item.to_dict(include_self_link=False, transform_hrefs=False)
    write_json(path, content, indent=2, ensure_ascii=False)


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
