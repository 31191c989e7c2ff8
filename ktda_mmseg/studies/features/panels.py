"""Feature maps of whole images in colours, ready to be drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor

from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.models import FrozenTeacher

from .colours import colours
from .levels import Levels, evenly, extract, windows

ROWS = {'backbone': 'student', 'aligned': 'aligned'}


class Panel(NamedTuple):
    """What is drawn of an image.

    Attributes:
        name (str): Name of the image.
        picture (np.ndarray): ``(H, W, 3)``, uint8.
        maps (dict[str, list[np.ndarray]]): Pictures of the levels ``(h, w, 3)``, by whose they are.
    """

    name: str
    picture: np.ndarray
    maps: dict[str, list[np.ndarray]]


def choose(dataset: BaseDataset, count: int) -> list[dict]:
    """Load images, evenly spread over a data set, as batches of one."""
    return [pseudo_collate([dataset[index]]) for index in evenly(len(dataset), count)]


def panels(
    students: Mapping[str, EncoderDecoder], teacher: FrozenTeacher, batches: Sequence[dict]
) -> list[Panel]:
    """Colour what teacher and students see; all images share the colours of a level.

    Args:
        students (Mapping[str, EncoderDecoder]): Versions of one student, such as before and after
            training, by name.
        teacher (FrozenTeacher): The teacher.
        batches (Sequence[dict]): One image each; may be none.

    Returns:
        list[Panel]: An image each; rows of the teacher, the student's versions and, where the
        student aligns its levels with the teacher's, what comes of it.
    """
    if not batches:
        return []
    seen = {
        name: [_whole(student, teacher, batch) for batch in batches]
        for name, student in students.items()
    }
    first = next(iter(seen.values()))
    depth = len(first[0].backbone)
    taught = [colours([image.backbone[level][1] for image in first]) for level in range(depth)]
    rows = {'teacher': [pictures for pictures, _ in taught]}
    for stage, title in ROWS.items():
        for name, images in seen.items():
            if len(getattr(images[0], stage)) == depth:
                rows[f'{title} {name}'.rstrip()] = [
                    colours([getattr(image, stage)[level][0] for image in images], components)[0]
                    for level, (_, components) in enumerate(taught)
                ]
    return [
        Panel(
            Path(batch['data_samples'][0].img_path).stem,
            covered(next(iter(students.values())), batch),
            {title: [level[index] for level in levels] for title, levels in rows.items()},
        )
        for index, batch in enumerate(batches)
    ]


def covered(student: EncoderDecoder, batch: dict) -> np.ndarray:
    """Return the part of an image that its windows cover, ``(H, W, 3)``, uint8."""
    picture = read_picture(batch['data_samples'][0].img_path)
    inputs, counts = windows(student, batch)
    height, width = (
        min(side, round(side * number * length / full))
        for side, number, length, full in zip(
            picture.shape, counts, inputs.shape[2:], batch['inputs'][0].shape[1:], strict=False
        )
    )
    return picture[:height, :width]


def _whole(student: EncoderDecoder, teacher: FrozenTeacher, batch: dict) -> Levels:
    """Put the maps of an image's windows ``(rows * columns, C, h, w)`` together, ``(C, H, W)``."""
    inputs, (rows, columns) = windows(student, batch)
    seen = extract(student, teacher, inputs)
    return Levels(*([_mosaic(pair, rows, columns) for pair in stage] for stage in seen))


def _mosaic(pair: tuple[Tensor, Tensor], rows: int, columns: int) -> tuple[Tensor, Tensor]:
    own, taught = (
        torch.cat(
            [torch.cat(list(line), dim=-1) for line in maps.unflatten(0, (rows, columns))], dim=-2
        )
        for maps in pair
    )
    return own, taught
