"""Masks of CVAT's format "Segmentation mask": pictures in colours, and what these mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ktda_mmseg.utils.files import read_text

from ..label_map import LabelMap, class_mask
from .drawing import Annotated, Drawing, Shape, files_of

COLOURS = 'labelmap.txt'
MASKS = 'SegmentationClass'
BACKGROUND = 'background'  # what CVAT calls pixels that nobody has labelled
LINE = re.compile(r'(.+?):(\d{1,3}),(\d{1,3}),(\d{1,3})(:.*)?')  # name, colour, parts and actions


def root_of(source: Path) -> Path | None:
    """Find what CVAT exported in a folder or, where this holds the masks alone, above it."""
    folders = (source, source.parent) if source.name == MASKS else (source,)
    return next((f for f in folders if (f / COLOURS).is_file() and (f / MASKS).is_dir()), None)


def list_cvat(source: Path, label_map: LabelMap) -> list[Annotated]:
    """List the masks of a folder that CVAT exported.

    What CVAT calls background is no label, unless the label map lists that name. A ValueError if
    there is no list of colours, or one that cannot be read.
    """
    root = root_of(source)
    if root is None:
        raise ValueError(f'{source}: expected {COLOURS} and {MASKS} of CVAT, not both found')
    names = _names(root / COLOURS)
    if not label_map.lists(BACKGROUND):
        names = {colour: None if n == BACKGROUND else n for colour, n in names.items()}
    return [
        Annotated(
            path, (path.relative_to(root / MASKS).as_posix(),), str(path),
            partial(_draw, path, names),
        )
        for path in files_of(root / MASKS, '.png')
    ]  # fmt: skip


def _names(file: Path) -> dict[int, str | None]:
    """The names of colours, as numbers 0xRRGGBB."""
    names: dict[int, str | None] = {}
    for line in filter(None, map(str.strip, read_text(file).splitlines())):
        if line.startswith('#'):
            continue
        fit = LINE.fullmatch(line)
        parts = [int(part) for part in fit.groups()[1:4]] if fit else [256]
        colour = 0 if max(parts) > 255 else int.from_bytes(bytes(parts), 'big')
        if fit is None or max(parts) > 255 or colour in names:
            raise ValueError(f'{file}: expected lines NAME:R,G,B::, each colour once, found {line}')
        names[colour] = fit[1]
    return names


def _draw(path: Path, names: Mapping[int, str | None], _: tuple[int, int]) -> Drawing:
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert('RGB'), np.int32)
    except OSError as error:
        raise ValueError(f'{path}: expected a picture, found: {error}') from None
    codes = pixels @ (1 << 16, 1 << 8, 1)
    order = {colour: number for number, colour in enumerate(names)}
    numbers = class_mask(codes, order, path, f'colours of {COLOURS}', lambda code: f'#{code:06x}')
    shapes = [
        Shape(name, [(0, 0)], numbers == order[colour])
        for colour, name in names.items()
        if name is not None and (numbers == order[colour]).any()
    ]
    return Drawing(numbers.shape, shapes)
