"""Feature maps of whole images in colours: three principal components as red, green and blue."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmseg.models.segmentors import EncoderDecoder
from scipy.linalg import orthogonal_procrustes
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.models import FrozenTeacher
from ktda_mmseg.raster.stretch import as_picture

from .levels import Levels, evenly, extract, windows
from .similarity import centred

ROWS = {'backbone': 'student', 'aligned': 'aligned'}


class ImageMaps(NamedTuple):
    """What is drawn of an image."""

    name: str
    picture: np.ndarray  # (H, W, 3), uint8
    maps: dict[str, list[np.ndarray]]  # pictures of the levels (h, w, 3), by whose they are


def choose(dataset: BaseDataset, count: int) -> list[dict]:
    """Load images, evenly spread over a data set, as batches of one."""
    return [pseudo_collate([dataset[index]]) for index in evenly(len(dataset), count)]


def coloured(
    students: Mapping[str, EncoderDecoder], teacher: FrozenTeacher, batches: Sequence[dict]
) -> list[ImageMaps]:
    """Colour what a teacher and versions of one student see; images share the colours of a level.

    Batches are of one image. Rows are the teacher's, the student's versions and, where the student
    aligns its levels with the teacher's, what comes of it.
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
        ImageMaps(
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


def colours(
    maps: Sequence[Tensor], like: Sequence[Tensor] | None = None
) -> tuple[list[np.ndarray], list[Tensor]]:
    """Colour feature maps ``(C, h, w)``, one an image, by their three strongest common components.

    Components have no order or sign that two networks would share, so those of a student are
    rotated onto the teacher's (``like``, ``(3, h', w')`` of the same images): the same colour then
    means the same as far as a rotation of three axes can make it so, and unrelated features keep
    unrelated colours. Source: PCA as in Oquab et al., "DINOv2", 2023, figure 1; the rotation is the
    orthogonal Procrustes problem (Schönemann, 1966).

    Returns pictures ``(h, w, 3)``, uint8, black at the 2nd and full at the 98th percentile of a
    component; and the components ``(3, h, w)`` behind them, each of variance 1, or 0 where the maps
    have fewer dimensions.
    """
    components = _principal_components(_tokens(maps))
    if like is not None:
        pairs = zip(like, maps, strict=True)
        targets = [adaptive_avg_pool2d(x, (y.size(1), y.size(2))) for x, y in pairs]
        rotation, _ = orthogonal_procrustes(components.numpy(), _tokens(targets).numpy())
        components = components @ torch.from_numpy(rotation)
    shades = np.stack([as_picture(component) for component in components.T.numpy()], axis=-1)
    sizes = [features[0].numel() for features in maps]
    shapes = [features.shape[1:] for features in maps]
    pictures = np.split(shades, np.cumsum(sizes)[:-1])
    return (
        [x.reshape(*shape, 3) for x, shape in zip(pictures, shapes, strict=True)],
        [x.T.unflatten(1, s) for x, s in zip(components.split(sizes), shapes, strict=True)],
    )


def _principal_components(tokens: Tensor) -> Tensor:
    """Return the three strongest components of centred tokens ``(n, C)`` as ``(n, 3)``."""
    axes, strengths, _ = torch.linalg.svd(tokens, full_matrices=False)
    known = strengths[:3] > max(1e-9 * float(strengths[0]), 1e-30)
    components = axes[:, :3] * known * len(tokens) ** 0.5
    return pad(components, (0, 3 - components.size(1)))


def _tokens(maps: Sequence[Tensor]) -> Tensor:
    return centred(torch.cat([features.flatten(1).T.cpu() for features in maps]))
