"""Areas drawn with LabelMe: reading its JSON files, one an image."""

import base64
import io
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from .drawing import Annotated, Drawing, Shape, files_of, own_path, read_json

OUTLINED = ('polygon', 'oriented_rectangle')
KEYS = ('imageHeight', 'imageWidth', 'shapes')


def list_labelme(source: Path) -> list[Annotated]:
    """List LabelMe's files of a folder and its sub-folders, or the one that is named.

    A file means the image that it names by ``imagePath``, seen from its folder, or the image of its
    own name.
    """
    found = []
    for path in files_of(source, '.json'):
        own = own_path(path, source)
        named = str(_content(path).get('imagePath') or own).replace('\\', '/')
        images = (str(PurePosixPath(own).parent / named), named, own)
        found.append(Annotated(path, images, str(path), partial(_draw, path)))
    return found


def read_labelme(path: Path) -> Drawing:
    """Read polygons, rectangles, circles and masks; a ValueError if there is anything else."""
    height, width, shapes = (_content(path)[key] for key in KEYS)
    if not all(isinstance(length, int) for length in (height, width)):
        raise ValueError(f'{path}: expected {KEYS[0]} and {KEYS[1]}, found {height} and {width}')
    size = height, width
    return Drawing(size, [_shape(s, size, f'{path}: shape {n}') for n, s in enumerate(shapes)])


def _draw(path: Path, size: tuple[int, int]) -> Drawing:
    return read_labelme(path)


def _content(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if not isinstance(content, dict) or not all(key in content for key in KEYS):
        raise ValueError(f'{path}: expected the keys {", ".join(KEYS)} of LabelMe, not all found')
    return content


def _shape(content: Any, size: tuple[int, int], where: str) -> Shape:  # noqa: ANN401
    try:
        kind = content.get('shape_type', 'polygon')  # old versions knew nothing else
        points = [(float(x), float(y)) for x, y in content['points']]
        label = str(content['label'])
        if not np.isfinite(points).all():
            raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f'{where}: expected a label and points (x, y), found {content}') from None
    if kind == 'rectangle' and len(points) == 2:
        (left, top), (right, bottom) = points
        return Shape(label, [(left, top), (right, top), (right, bottom), (left, bottom)])
    if kind == 'circle' and len(points) == 2:
        return _disc(points, size, label)
    if kind == 'mask' and len(points) == 2:
        return _cut_out(label, content.get('mask'), points, where)
    if kind not in OUTLINED or len(points) < 3:
        raise ValueError(
            f'{where}: expected a polygon of 3 points or more, or a rectangle, circle or mask '
            f'of 2, found a {kind} of {len(points)}'
        )
    return Shape(label, points)


def _disc(points: list[tuple[float, float]], size: tuple[int, int], label: str) -> Shape:
    """The pixels whose centres lie in a circle, of which the second point is on the edge."""
    middle, edge = np.array(points)
    radius = np.linalg.norm(edge - middle)
    limits = size[::-1]
    low = np.clip(np.floor(middle - radius), 0, limits).astype(int)
    high = np.clip(np.ceil(middle + radius), low, limits).astype(int)
    x, y = (np.arange(*ends) + 0.5 - m for *ends, m in zip(low, high, middle, strict=True))
    inside = x**2 + y[:, None] ** 2 <= radius**2
    return Shape(label, [(float(low[0]), float(low[1]))], inside)


def _cut_out(label: str, encoded: object, points: list[tuple[float, float]], where: str) -> Shape:
    """The pixels of a mask, which is a picture of the box between two pixels, both inside.

    A mask that was moved has fractions in its points: LabelMe rounds the first and keeps the size
    of the picture, from which the box then differs by a pixel a side at the most.
    """
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:  # type: ignore[arg-type]
            pixels = np.asarray(image.convert('L')) > 0
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(
            f'{where}: expected a mask as a picture in base64, found: {error}'
        ) from None
    corners = np.array(points)
    (left, top), (right, bottom) = corners.round().astype(int).tolist()
    box = bottom - top + 1, right - left + 1
    rounding = 0 if (corners == corners.round()).all() else 1
    if np.abs(np.subtract(pixels.shape, box)).max() > rounding:
        raise ValueError(
            f'{where}: expected a mask of the size of its box, {box}, found {pixels.shape}'
        )
    return Shape(label, [(left, top)], pixels)
