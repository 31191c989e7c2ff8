"""What the student learns from its teachers: alignment, standardisation and losses."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, ModuleList
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

from .standardisation import standardisation

Levels = Sequence[Tensor]


class Transfer(BaseModule):
    """Compare the student's levels with those of one teacher or several.

    A teacher whose config has an ``alignment``, the arguments of a :class:`FAM`, is compared with
    what that makes of the student's own features; the decoders then read other maps than those
    that are compared. Without, the model's neck is the alignment. What is learned in here serves
    training alone: the segmentor keeps it out of its ``state_dict``.
    """

    def __init__(
        self, teachers: Sequence[ConfigType], losses: Sequence[ConfigType], standardise: bool | str
    ) -> None:
        super().__init__()
        alignments = [teacher.get('alignment') for teacher in teachers]
        if alignments.count(None) > 1:
            raise ValueError(
                'expected an alignment in each of several teachers but one, got '
                f'{[cfg is not None for cfg in alignments]}'
            )
        self.alignments = ModuleList(
            MODELS.build({'type': 'FAM', **cfg}) if cfg else nn.Identity() for cfg in alignments
        )
        self.shares = [float(teacher.get('share', 1)) for teacher in teachers]
        self.standards = nn.ModuleList(standardisation(standardise) for _ in teachers)
        self.losses = ModuleList(MODELS.build(cfg) for cfg in losses)

    def forward(
        self, aligned: Levels, levels: Levels, features: Levels | None = None
    ) -> dict[str, Tensor]:
        """Average each loss over levels and add it up over teachers by their shares.

        ``aligned`` is what the model's neck makes of the student's ``features``; ``levels`` are the
        maps ``(N, C_i, h_i, w_i)`` of all teachers, one after the other.
        """
        losses: dict[str, Tensor] = {}
        rest = tuple(levels)
        counts = [0 if isinstance(a, nn.Identity) else len(a.convert) for a in self.alignments]
        for count, alignment, share, standard in zip(
            counts, self.alignments, self.shares, self.standards, strict=True
        ):
            student = alignment(features) if count else aligned
            count = count or len(levels) - sum(counts)
            teacher, rest = rest[:count], rest[count:]
            if len(student) == 1:  # of a FAM that fuses
                teacher = (torch.stack(teacher).sum(0),)
            pairs = list(zip(student, match_grid(standard(teacher), student), strict=True))
            for criterion in self.losses:
                value = share * sum(criterion(*pair) for pair in pairs) / len(pairs)
                name = str(criterion.loss_name)
                losses[name] = losses[name] + value if name in losses else value
        return losses


def match_grid(teacher: Levels, student: Levels) -> list[Tensor]:
    """Check that the teacher's levels pair with the student's and resize them to their grid."""
    teacher_widths, student_widths = ([level.size(1) for level in x] for x in (teacher, student))
    if teacher_widths != student_widths:
        raise ValueError(
            f'expected neck.out_channels to give the widths of the teacher levels {teacher_widths} '
            f'(teacher.out_indices), got {student_widths}'
        )
    return [
        t
        if t.shape[2:] == s.shape[2:]
        else F.interpolate(t, s.shape[2:], mode='bilinear', align_corners=False)
        for t, s in zip(teacher, student, strict=True)
    ]
