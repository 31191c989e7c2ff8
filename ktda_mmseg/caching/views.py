"""The views of an image that a training pipeline can show to a teacher."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .store import content_key

# steps that leave the pixels of the image as they are
NEUTRAL = ('SeedSample', 'LoadAnnotations', 'CheckSample', 'IgnoreNodata', 'TrackPixels')
Array = np.ndarray


def views_of(image: Array, steps: Sequence[dict[str, Any]]) -> dict[str, Array]:
    """Enumerate what an image ``(H, W, C)`` can become, distinct, by :func:`content_key`."""
    found = [image]
    for step in steps:
        found = [view for one in found for view in _apply(one, step)]
    return {content_key(view): view for view in found}


def check_steps(steps: Sequence[dict[str, Any]]) -> None:
    """Refuse a step of which :func:`views_of` knows nothing, before any work is done."""
    for step in steps:
        if step['type'] not in (*NEUTRAL, *VIEWS):
            raise ValueError(
                f'expected only {", ".join([*VIEWS, *NEUTRAL])} before LoadTeacherMaps, got '
                f'{step["type"]}; what changes colours belongs behind it'
            )


def _apply(image: Array, step: dict[str, Any]) -> Iterator[Array]:
    if step['type'] in NEUTRAL:
        yield image
    else:
        yield from VIEWS[step['type']](image, step)


def _flips(image: Array, step: dict[str, Any]) -> Iterator[Array]:
    directions = step.get('direction', 'horizontal')
    axes = {'horizontal': (1,), 'vertical': (0,), 'diagonal': (0, 1)}
    yield image
    for direction in [directions] if isinstance(directions, str) else directions:
        yield np.flip(image, axes[direction])


def _turns(image: Array, _: dict[str, Any]) -> Iterator[Array]:
    yield from (np.rot90(image, quarters) for quarters in range(4))


def _crops(image: Array, step: dict[str, Any]) -> Iterator[Array]:
    size = step['crop_size']
    if image.shape[0] > size[0] or image.shape[1] > size[1]:
        raise ValueError(
            f'expected images of at most crop_size {tuple(size)} before LoadTeacherMaps, got '
            f'{image.shape[:2]}: a random crop has too many views to compute beforehand; tile the '
            'images to the crop size instead'
        )
    yield image


VIEWS: dict[str, Callable[[Array, dict[str, Any]], Iterator[Array]]] = {
    'RandomFlip': _flips,
    'RandomRotate90': _turns,
    'RandomCrop': _crops,
}
