"""Polygons drawn with LabelMe: reading the JSON files and turning them into masks."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...raster.files import import_rasterio


class Shape(NamedTuple):
    """One labelled area.

    Attributes:
        label (str): What it is.
        points (list[tuple[float, float]]): Corners (x, y) in pixels; (0, 0) is the outer corner of
            the first pixel.
    """

    label: str
    points: list[tuple[float, float]]


class Drawing(NamedTuple):
    """What was drawn on one image.

    Attributes:
        size (tuple[int, int]): Rows and columns of the image, as the file states them.
        shapes (list[Shape]): The areas, in the order in which they were drawn.
    """

    size: tuple[int, int]
    shapes: list[Shape]


def read_labelme(path: Path) -> Drawing:
    """Read a file of LabelMe; its polygons and rectangles.

    Args:
        path (Path): The ``.json``.

    Returns:
        Drawing: What it holds.

    Raises:
        ValueError: If it is no such file, or holds a shape that is no area.
    """
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
    """Paint shapes into a mask, a later one over an earlier one.

    A pixel belongs to a shape if its centre lies inside, so that neighbours share no pixel, and
    areas that were traced along pixel edges come back as they were.

    Args:
        drawing (Drawing): The shapes.
        codes (Mapping[str, int]): Mask value of each label.
        background (int): Mask value where there is no shape.

    Returns:
        np.ndarray: The mask (H, W), uint8.

    Raises:
        ImportError: If rasterio is not installed.
        KeyError: If a label has no code.
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
        return Shape(label, _corners(points))
    if kind != 'polygon' or len(points) < 3:
        raise ValueError(
            f'{where}: expected a polygon of 3 points or more, or a rectangle of 2, '
            f'found a {kind} of {len(points)}'
        )
    return Shape(label, points)


def _corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    (left, top), (right, bottom) = points
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
