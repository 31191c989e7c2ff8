"""Areas drawn in Label Studio: reading its JSON export, a list of tasks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from ..label_map import LabelMap
from ..listing import SUFFIXES
from .drawing import Annotated, Drawing, Shape, cut_out, files_of, outline, read_json

AREAS = ('brushlabels', 'polygonlabels', 'rectanglelabels', 'ellipselabels')
# regions of tags without labels, which a result "labels" of the same id names
UNNAMED = {
    'brush': 'brushlabels',
    'magicwand': 'brushlabels',
    'polygon': 'polygonlabels',
    'rectangle': 'rectanglelabels',
    'ellipse': 'ellipselabels',
}
# what is said about a region or an image
WORDS = ('choices', 'datetime', 'number', 'pairwise', 'rating', 'relation', 'taxonomy', 'textarea')
UPLOADED = re.compile(r'^[0-9a-f]{8}-')  # what Label Studio puts before names of uploaded files


def is_label_studio(content: Any) -> bool:  # noqa: ANN401
    """Tell whether what a JSON file holds is a list of tasks."""
    return isinstance(content, list) and all(
        isinstance(task, dict)
        and isinstance(task.get('data'), dict)
        and isinstance(task.get('annotations'), list)
        and all(isinstance(one, dict) for one in task['annotations'])
        for task in content
    )


def list_label_studio(source: Path, _: LabelMap) -> list[Annotated]:
    """List the annotated tasks of a JSON export, or of all of a folder.

    A task means the image of which its data or ``file_upload`` has the path, with or without what
    Label Studio puts before names. Predictions and cancelled annotations do not count. A ValueError
    if a file is no export, or a task has several annotations of which not just one is called the
    ground truth.
    """
    found = []
    for path in files_of(source, '.json'):
        tasks = read_json(path)
        if not is_label_studio(tasks):
            raise ValueError(
                f'{path}: expected the JSON export of Label Studio, a list of tasks with data and '
                'annotations (JSON-MIN has less), found something else'
            )
        for task in tasks:
            where = f'{path}: task {task.get("id")}'
            kept = [one for one in task['annotations'] if not one.get('was_cancelled')]
            kept = [one for one in kept if one.get('ground_truth')] or kept
            if len(kept) > 1:
                ids = [one.get('id') for one in kept]
                raise ValueError(
                    f'{where}: expected one annotation, or one that is called the ground truth, '
                    f'found {len(kept)}: {ids}'
                )
            if kept:
                images = _images(task, where)
                results = kept[0].get('result') or []
                found.append(Annotated(path, images, where, partial(_draw, results, where)))
    return found


def _images(task: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """Paths that may mean the image: those of the data, whose other values are no images."""
    paths = []
    for url in [*task['data'].values(), task.get('file_upload')]:
        if not isinstance(url, str):
            continue
        parts = urlsplit(url)
        path = parse_qs(parts.query).get('d', [unquote(parts.path)])[0]  # ?d= of local files
        folder, slash, name = path.lstrip('/').rpartition('/')
        if Path(name).suffix.lower() in SUFFIXES:
            paths += [f'{folder}{slash}{name}', UPLOADED.sub('', name)]
    if not paths:
        raise ValueError(
            f'{where}: expected the path of an image in its data, found {task["data"]}'
        )
    return tuple(dict.fromkeys(paths))


def _draw(results: Sequence[Any], where: str, size: tuple[int, int]) -> Drawing:
    shapes = []
    unnamed = {str(one.get('id')): one['type'] for one in results if _is(one, *UNNAMED)}
    named = {str(one.get('id')) for one in results if _is(one, 'labels')}
    for number, result in enumerate(results):
        place = f'{where}: region {number}'
        try:
            words, value = result['type'], result.get('value')
            if words in WORDS or (words in UNNAMED and str(result.get('id')) in named):
                continue
            kind = UNNAMED[unnamed[str(result.get('id'))]] if words == 'labels' else words
            if kind not in AREAS:
                raise ValueError
            stated = int(result['original_height']), int(result['original_width'])
            (label,) = value[words]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ValueError(
                f'{place}: expected the size of the image and one label of {", ".join(AREAS)}, '
                f'found {str(result)[:200]}'
            ) from None
        if stated != size:
            return Drawing(stated, [])
        if result.get('image_rotation'):
            raise ValueError(
                f'{place}: expected an image that was not turned, found one turned by '
                f'{result["image_rotation"]} degrees'
            )
        shapes.append(_shape(str(label), kind, value, size, place))
    return Drawing(size, shapes)


def _is(result: Any, *kinds: str) -> bool:  # noqa: ANN401
    return isinstance(result, dict) and result.get('type') in kinds


def _shape(
    label: str, kind: str, value: Mapping[str, Any], size: tuple[int, int], where: str
) -> Shape:
    height, width = size
    if kind == 'polygonlabels':
        corners = outline(value.get('points'), where)
        return Shape(label, [(x / 100 * width, y / 100 * height) for x, y in corners])
    try:
        if kind == 'brushlabels':
            return cut_out(label, _alpha(bytes(value['rle']), size) >= 128)
        x, y = float(value['x']) / 100 * width, float(value['y']) / 100 * height
        turn = math.radians(float(value.get('rotation') or 0))
        names = ('width', 'height') if kind == 'rectanglelabels' else ('radiusX', 'radiusY')
        across, down = (
            float(value[name]) / 100 * length
            for name, length in zip(names, size[::-1], strict=True)
        )
        if not np.isfinite([x, y, turn, across, down]).all():
            raise ValueError(f'numbers that are none: {dict(value)}')
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{where}: expected {kind} as Label Studio writes them, failed on {error}'
        ) from None
    cos, sin = math.cos(turn), math.sin(turn)
    if kind == 'rectanglelabels':
        # x and y are the corner that it is turned by
        sides = [(0.0, 0.0), (across, 0.0), (across, down), (0.0, down)]
        return Shape(label, [(x + u * cos - v * sin, y + u * sin + v * cos) for u, v in sides])
    rows, columns = np.ogrid[:height, :width]
    u, v = columns + 0.5 - x, rows + 0.5 - y
    inside = (u * cos + v * sin) ** 2 * down**2 + (v * cos - u * sin) ** 2 * across**2
    return cut_out(label, inside <= (across * down) ** 2)


def _alpha(packed: bytes, size: tuple[int, int]) -> np.ndarray:
    """Unpack the opacity of a brush, uint8 (height, width).

    The format is that of the npm package @thi.ng/rle-pack: 32 bits say how many values there are
    (RGBA of all pixels), 5 how long one is, four times 4 how long a count of each of four kinds is.
    Then come runs, of which a bit says whether one value is repeated, two give the kind of count.
    """
    position = 0

    def read(bits: int) -> int:
        nonlocal position
        start, position = position, position + bits
        if position > 8 * len(packed):
            raise ValueError(f'{len(packed)} bytes, which end within a run')
        number = int.from_bytes(packed[start // 8 : -(-position // 8)], 'big')
        return number >> -position % 8 & (1 << bits) - 1

    count, length = read(32), read(5) + 1
    if count != 4 * math.prod(size):
        raise ValueError(f'{count} values, not the {4 * math.prod(size)} of its image')
    kinds = [read(4) + 1 for _ in range(4)]
    values = np.empty(count, np.uint8)
    done = 0
    while done < count:
        repeated = read(1)
        end = done + 1 + read(kinds[read(2)])
        if end > count:
            raise ValueError(f'a run to value {end} of {count}')
        values[done:end] = read(length) if repeated else [read(length) for _ in range(end - done)]
        done = end
    return values.reshape(*size, 4)[..., 3]
