"""Areas that were drawn on an image, and the mask that they make."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ....raster.files import import_rasterio
from ....raster.tiling import Window
from ..label_map import Label, LabelMap
from ..listing import walk


class Shape(NamedTuple):
    """A labelled area by its corners (x, y) in pixels; (0, 0) is the first pixel's outer corner.

    Or by its pixels, (h, w), bool, of which the first is that at the only one of ``points``.
    """

    label: Label
    points: list[tuple[float, float]]
    pixels: np.ndarray | None = None

    def frame(self) -> Window:
        """Return where the pixels lie in the image."""
        (x, y), pixels = self.points[0], np.asarray(self.pixels)
        return Window(int(y), int(x), *pixels.shape)


def cut_out(label: Label, inside: np.ndarray) -> Shape:
    """Return the pixels of an area, (height, width) of the image, without what is empty around."""
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    if not len(rows):
        return Shape(label, [(0.0, 0.0)], inside[:1, :1])
    pixels = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    return Shape(label, [(float(columns[0]), float(rows[0]))], pixels)


class Drawing(NamedTuple):
    """What was drawn, in order, on an image of as many rows and columns as the file states."""

    size: tuple[int, int]
    shapes: list[Shape]


class Annotated(NamedTuple):
    """What a file holds for one image.

    ``images`` are paths that may mean the image, the likeliest first; ``where`` is how errors call
    the place; ``draw`` takes the image's height and width, and reads what was drawn.
    """

    path: Path
    images: tuple[str, ...]
    where: str
    draw: Callable[[tuple[int, int]], Drawing]


def rasterise(
    drawing: Drawing, codes: Mapping[Label, int], background: int, window: Window | None = None
) -> np.ndarray:
    """Paint shapes into a mask, by the code of each label, later over earlier ones.

    A pixel belongs to a shape if its centre lies inside, so that neighbours share no pixel, and
    areas that were traced along pixel edges come back as they were.

    Args:
        drawing (Drawing): What was drawn.
        codes (Mapping[Label, int]): The value of each label.
        background (int): The value of what is in no shape.
        window (Window | None): The part to paint; None for the whole. Default: None.

    Returns:
        np.ndarray: The mask of the window, (height, width), uint8.
    """
    window = window or Window(0, 0, *drawing.size)
    affine = import_rasterio().Affine
    from rasterio.features import rasterize

    mask = np.full((window.height, window.width), background, np.uint8)
    for outlined, shapes in groupby(drawing.shapes, lambda shape: shape.pixels is None):
        if outlined:
            areas = [
                ({'type': 'Polygon', 'coordinates': [[*s.points, s.points[0]]]}, codes[s.label])
                for s in shapes
            ]
            rasterize(areas, out=mask, transform=affine.translation(window.x, window.y))
            continue
        for shape in shapes:
            frame = shape.frame()
            here, there = window.common(frame), frame.common(window)
            if here is not None and there is not None:
                here.cut(mask)[there.cut(np.asarray(shape.pixels))] = codes[shape.label]
    return mask


def outline(numbers: Any, where: str) -> list[tuple[float, float]]:  # noqa: ANN401
    """Turn x, y, x, y and so on into the corners of a polygon; a ValueError if it is none."""
    try:
        flat = np.array(numbers, float).ravel()
    except (TypeError, ValueError):
        flat = np.empty(0)
    if len(flat) < 6 or len(flat) % 2 or not np.isfinite(flat).all():
        raise ValueError(
            f'{where}: expected a polygon of 3 points or more, as numbers x y x y ..., '
            f'found {str(numbers)[:60]}'
        )
    return [(x, y) for x, y in flat.reshape(-1, 2).tolist()]


def meanings(names: Mapping[int, str], label_map: LabelMap) -> dict[int, Label]:
    """Say what a numbered class is called: its name, or its number if only numbers are listed.

    That is so for all classes of a file alike.
    """
    by_number = any(map(label_map.lists, names)) and not any(map(label_map.lists, names.values()))
    return {number: number if by_number else name for number, name in names.items()}


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read what a JSON file holds; a ValueError names a file that is none."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: expected JSON, found: {error}') from None


def files_of(source: Path, suffix: str) -> Sequence[Path]:
    """List the files of a suffix in a folder and its sub-folders, or the one that is named."""
    if not source.is_dir():
        return [source]
    return [path for path in sorted(walk(source)) if path.suffix.lower() == suffix]


def own_path(path: Path, source: Path) -> str:
    """Return the path of one of these files, seen from the folder."""
    return path.relative_to(source).as_posix() if source.is_dir() else path.name
