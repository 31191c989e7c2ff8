"""Features of student and teacher, level by level, and how alike they are."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ktda_mmseg.engine.unwrapping import unwrapped
from ktda_mmseg.models import FrozenTeacher

from .similarity import linear_cka, mean_cosine, unexplained

Pair = tuple[Tensor, Tensor]  # of student and teacher
POSITIONS = 64  # that count of each window, evenly spread


class Levels(NamedTuple):
    """Features of a batch by level, as pairs of maps on the coarser grid of the two."""

    backbone: list[Pair]  # the student's own ``(N, C, h, w)``, the teacher's ``(N, D, h, w)``
    aligned: list[Pair]  # behind the student's alignment; none if that has other widths


def similarity_by_level(
    model: nn.Module, teacher: FrozenTeacher, loader: Iterable[dict], batches: int
) -> dict[str, list[float]]:
    """Compare a student's features with those of a teacher, which need not have taught it.

    Images of the first ``batches`` of a loader are seen as the model predicts: whole, or in windows
    side by side where it slides. The model is left in the mode in which it was found.

    Returns ``'backbone.cka'`` by level, finest first, and where the model aligns its levels to the
    teacher's widths ``'aligned.cka'``, ``'aligned.cosine'`` and ``'aligned.l2'`` (lower is closer).
    ValueError if there is no batch, or student and teacher have other numbers of levels.
    """
    student = unwrapped(model)
    seen = [
        [_tokens(pairs) for pairs in extract(student, teacher, windows(student, batch)[0])]
        for batch in islice(loader, batches)
    ]
    if not seen:
        raise ValueError(f'expected at least one batch to compare features on, got {batches}')
    backbone, aligned = (_joined(stage) for stage in zip(*seen, strict=True))
    found = {'backbone.cka': [linear_cka(*pair) for pair in backbone]}
    if aligned:
        measures = {'cka': linear_cka, 'cosine': mean_cosine, 'l2': unexplained}
        for name, measure in measures.items():
            found[f'aligned.{name}'] = [measure(*pair) for pair in aligned]
    return found


@torch.no_grad()
def extract(model: EncoderDecoder, teacher: FrozenTeacher, inputs: Tensor) -> Levels:
    """Read the features of normalised images ``(N, C, H, W)``."""
    with in_evaluation(model):
        own = model.backbone(inputs)
        aligned = tuple(model.neck(own)) if model.with_neck else ()
    taught = teacher(inputs)
    if teacher.compared is not None:  # by an alignment that no checkpoint holds
        own, aligned = [own[index] for index in teacher.compared], ()
    if len(own) != len(taught):
        raise ValueError(
            f'expected as many levels of the student as of the teacher, {len(taught)}, '
            f'got {len(own)}'
        )
    targets = getattr(model.neck, 'select', tuple)(taught) if aligned else ()
    if [level.size(1) for level in aligned] != [level.size(1) for level in targets]:
        aligned, targets = (), ()
    return Levels(_on_one_grid(own, taught), _on_one_grid(aligned, targets))


@contextmanager
def in_evaluation(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode for a while."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def windows(model: EncoderDecoder, batch: dict) -> tuple[Tensor, tuple[int, int]]:
    """Cut a loader's batch as the model predicts it.

    Returns windows ``(N * rows * columns, C, h, w)``, image by image and row by row, and
    ``(rows, columns)``; what does not fill a window is left out.
    """
    inputs = model.data_preprocessor(batch)['inputs']
    height, width = inputs.shape[2:]
    if model.test_cfg.get('mode') == 'slide':
        height, width = map(min, model.test_cfg['crop_size'], (height, width))
    cut = inputs.unfold(2, height, height).unfold(3, width, width)
    rows, columns = cut.shape[2:4]
    return cut.permute(0, 2, 3, 1, 4, 5).flatten(0, 2), (rows, columns)


def _tokens(pairs: Sequence[Pair]) -> list[Pair]:
    """Take at most :data:`POSITIONS` positions of each map ``(N, C, h, w)`` as ``(n, C)``."""
    taken = []
    for pair in pairs:
        rows = [level.flatten(2).transpose(1, 2) for level in pair]
        chosen = evenly(rows[0].size(1), POSITIONS)
        student, teacher = (part.cpu()[:, chosen].flatten(0, 1).float() for part in rows)
        taken.append((student, teacher))
    return taken


def evenly(count: int, most: int) -> list[int]:
    """Choose at most ``most`` of ``count`` places, evenly spread, first and last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def _joined(batches: Sequence[list[Pair]]) -> list[Pair]:
    """Join the tokens of all batches, level by level."""
    levels = zip(*batches, strict=True)
    return [
        (torch.cat([student for student, _ in level]), torch.cat([teacher for _, teacher in level]))
        for level in levels
    ]


def _on_one_grid(students: Sequence[Tensor], teachers: Sequence[Tensor]) -> list[Pair]:
    pairs = []
    for student, teacher in zip(students, teachers, strict=True):
        grid = min(student.size(2), teacher.size(2)), min(student.size(3), teacher.size(3))
        pairs.append((adaptive_avg_pool2d(student, grid), adaptive_avg_pool2d(teacher, grid)))
    return pairs
