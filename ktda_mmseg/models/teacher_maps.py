"""A teacher's maps on the samples of a batch: the cache writes them, the segmentor reads them."""

import math
from collections.abc import Sequence

import torch
from mmseg.structures import SegDataSample
from mmseg.utils import SampleList
from torch import Tensor

from .teacher import FrozenTeacher, FrozenTeachers

# of a data sample, and of the dictionary that becomes one
MAPS, SHAPES, SOURCE = 'teacher_maps', 'teacher_shapes', 'teacher_source'


def attach_maps(
    sample: SegDataSample, maps: Tensor, shapes: Sequence[Sequence[int]], source: str
) -> None:
    """Put maps into a sample: all levels end to end, ``(C_i, h_i, w_i)`` each, float16."""
    sample.set_metainfo({SHAPES: shapes, SOURCE: source})
    sample.set_data({MAPS: maps})


def attached_levels(
    samples: SampleList, teacher: FrozenTeacher | FrozenTeachers
) -> tuple[Tensor, ...] | None:
    """Stack the maps of a batch, ``(N, C_i, h_i, w_i)``; None where its samples have none.

    Maps of another teacher or normalisation are refused by ``ValueError``.
    """
    if MAPS not in samples[0]:
        return None
    if samples[0].get(SOURCE) != teacher.source():
        raise ValueError(
            'expected a teacher cache made by this model.teacher and data_preprocessor, got one of '
            'another; run `ktda cache` with this config'
        )
    shapes = samples[0].get(SHAPES)
    # autocast on CPUs cannot stack half precision
    flat = torch.stack([sample.get(MAPS).float() for sample in samples])
    parts = flat.split([math.prod(shape) for shape in shapes], dim=1)
    return tuple(part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True))


def refuse_attached_maps(samples: SampleList) -> None:
    """Raise ``ValueError`` where samples have maps: they are those of images as they were."""
    if MAPS in samples[0]:
        raise ValueError(
            'expected TransferStageHook.mixup without a teacher cache, whose maps are those of '
            'single images, got both; leave LoadTeacherMaps out of the pipeline'
        )
