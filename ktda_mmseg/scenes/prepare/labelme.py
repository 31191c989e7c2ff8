"""Polygons drawn with LabelMe: reading the JSON files and turning them into masks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...raster.files import import_rasterio


class Shape(NamedTuple):
    """A labelled area by its corners (x, y) in pixels; (0, 0) is the first pixel's outer corner."""

    label: str
    points: list[tuple[float, float]]


class Drawing(NamedTuple):
    """What was drawn, in order, on an image of as many rows and columns as the file states."""

    size: tuple[int, int]
    shapes: list[Shape]


def read_labelme(path: Path) -> Drawing:
    """Read polygons and rectangles; a ValueError if there is another shape, or no such file."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path}: expected JSON, found: {error}') from None
    keys = ('imageHeight', 'imageWidth', 'shapes')
    if not isinstance(content, dict) or not all(key in content for key in keys):
        raise ValueError(f'{path}: expected the keys {", ".join(keys)} of LabelMe, not all found')
    height, width, shapes = (content[key] for key in keys)
    return Drawing((height, width), [_shape(s, f'{path}: shape {n}') for n, s in enumerate(shapes)])


def rasterise(drawing: Drawing, codes: Mapping[str, int], background: int) -> np.ndarray:
    """Paint shapes into a mask (H, W), uint8, by the code of each label, later over earlier ones.

    A pixel belongs to a shape if its centre lies inside, so that neighbours share no pixel, and
    areas that were traced along pixel edges come back as they were.
    """
    if not drawing.shapes:
        return np.full(drawing.size, background, np.uint8)
    import_rasterio()
    from rasterio.features import rasterize

    areas = [
        ({'type': 'Polygon', 'coordinates': [[*s.points, s.points[0]]]}, codes[s.label])
        for s in drawing.shapes
    ]
    mask: np.ndarray = rasterize(areas, drawing.size, fill=background, dtype=np.uint8)
    return mask


def _shape(content: Any, where: str) -> Shape:  # noqa: ANN401
    try:
        kind = content.get('shape_type', 'polygon')  # old versions knew nothing else
        points = [(float(x), float(y)) for x, y in content['points']]
        label = str(content['label'])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f'{where}: expected a label and points (x, y), found {content}') from None
    if kind == 'rectangle' and len(points) == 2:
        (left, top), (right, bottom) = points
        return Shape(label, [(left, top), (right, top), (right, bottom), (left, bottom)])
    if kind != 'polygon' or len(points) < 3:
        raise ValueError(
            f'{where}: expected a polygon of 3 points or more, or a rectangle of 2, '
            f'found a {kind} of {len(points)}'
        )
    return Shape(label, points)
