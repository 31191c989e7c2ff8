"""What the student learns from its teachers: alignment, standardisation and losses."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_world_size
from mmengine.model import BaseModule, ModuleList
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

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
            layout = layout_of(student)
            teacher = standard([level.contiguous(memory_format=layout) for level in teacher])
            # in fp32, as the losses want them, once for all losses
            pairs = [
                (own.float(), wanted.float())
                for own, wanted in zip(student, match_grid(teacher, student), strict=True)
            ]
            for criterion in self.losses:
                value = share * sum(criterion(*pair) for pair in pairs) / len(pairs)
                name = str(criterion.loss_name)
                losses[name] = losses[name] + value if name in losses else value
        return losses


def layout_of(levels: Levels) -> torch.memory_format:
    """Return how levels lie in memory; steps through two levels that lie alike are faster."""
    last = all(level.is_contiguous(memory_format=torch.channels_last) for level in levels)
    return torch.channels_last if last else torch.contiguous_format


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


class Unchanged(nn.Module):
    """The teacher's maps as they are."""

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return ``levels``."""
        return tuple(levels)


class UnitChannels(nn.Module):
    """Mean 0 and variance 1 over the batch for every channel, so that none drowns the others.

    The batch is that of all ranks together.
    """

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Standardise levels ``(N, C_i, h_i, w_i)``, in float32."""
        if get_world_size() == 1:
            return tuple(F.batch_norm(level.float(), None, None, training=True) for level in levels)
        return tuple(_batch_norm_over_ranks(level.float()) for level in levels)


class EqualVariance(nn.Module):
    """A rotation after which every channel has the same variance, and that variance made 1.

    Unlike a scale for each channel, which lifts channels of noise to the height of those that
    matter, it amplifies none over another: distances between tokens stay what they are, but for
    one factor. Mean, rotation and factor of a level come from the first batch that is seen, on
    all ranks together, and stay. Source: PHI-S of Ranzinger et al. (arXiv 2410.01680), which
    rotates by eigenvectors and a Hadamard matrix; here plane rotations lead to the same equal
    diagonal for any width.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[tuple[Tensor, Tensor]] = []

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Standardise levels ``(N, C_i, h_i, w_i)``, in float32."""
        if not self.levels:
            self.levels = [self._fit(level.float()) for level in levels]
        return tuple(
            F.conv2d(level.float() - mean, matrix[:, :, None, None])
            for level, (mean, matrix) in zip(
                levels,
                ((mean.to(levels[0].device), m.to(levels[0].device)) for mean, m in self.levels),
                strict=True,
            )
        )

    @staticmethod
    @torch.no_grad()
    def _fit(level: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean ``(1, C, 1, 1)`` and the scaled rotation ``(C, C)`` of a level."""
        # of all ranks, which would otherwise teach different targets
        level = torch.cat(all_gather(level.contiguous()))
        tokens = level.transpose(0, 1).flatten(1).double().cpu()
        mean = tokens.mean(1, keepdim=True)
        covariance = torch.cov(tokens, correction=0)
        rotation = equalising_rotation(covariance)
        matrix = rotation / covariance.trace().div(len(covariance)).sqrt()
        return mean.float().view(1, -1, 1, 1), matrix.float()

    def get_extra_state(self) -> list[tuple[Tensor, Tensor]]:
        """Return what was fitted: of which size is known only after the first batch."""
        return self.levels

    def set_extra_state(self, state: Any) -> None:  # noqa: ANN401
        """Take over what another has fitted."""
        self.levels = list(state)


@torch.no_grad()
def _batch_norm_over_ranks(level: Tensor) -> Tensor:
    """Standardise by mean and variance over the batches of all ranks, which are equally large."""
    mean = level.mean((0, 2, 3))
    all_reduce(mean, 'mean')
    variance = (level - mean.view(-1, 1, 1)).square().mean((0, 2, 3))
    all_reduce(variance, 'mean')
    return F.batch_norm(level, mean, variance)


def equalising_rotation(covariance: Tensor) -> Tensor:
    """Find a rotation ``R`` of float64 so that ``R @ covariance @ R.T`` has an equal diagonal.

    Each step turns the plane of a channel above the mean variance and one below it until the first
    has the mean, so that ``C - 1`` steps do (Schur and Horn's theorem says that it can be done).
    """
    matrix = covariance.clone()
    rotation = torch.eye(len(matrix), dtype=matrix.dtype)
    mean = matrix.trace() / len(matrix)
    open_channels = list(range(len(matrix)))
    while len(open_channels) > 1:
        diagonal = matrix.diagonal()[open_channels]
        high, low = (open_channels[int(i)] for i in (diagonal.argmax(), diagonal.argmin()))
        if high == low:
            break
        a, b, c = matrix[high, high], matrix[low, low], matrix[high, low]
        # tan t of a turn by t solves (b - mean) t^2 - 2 c t + (a - mean) = 0
        root = (c**2 - (a - mean) * (b - mean)).clamp(min=0).sqrt()
        lead = c + torch.copysign(root, c)
        tangent = (a - mean) / lead if lead else torch.zeros_like(lead)
        cosine = 1 / (1 + tangent**2).sqrt()
        turn = torch.stack([cosine, -cosine * tangent, cosine * tangent, cosine]).view(2, 2)
        pair = [high, low]
        matrix[pair] = turn @ matrix[pair]
        matrix[:, pair] = matrix[:, pair] @ turn.T
        rotation[pair] = turn @ rotation[pair]
        open_channels.remove(high)
    return rotation


STANDARDISATIONS: dict[bool | str, type[nn.Module]] = {
    False: Unchanged,
    True: UnitChannels,
    'equal_variance': EqualVariance,
}


def standardisation(kind: bool | str) -> nn.Module:
    """Build what ``standardise_teacher`` names."""
    if kind not in STANDARDISATIONS:
        known = list(STANDARDISATIONS)
        raise ValueError(f'expected standardise_teacher to be one of {known}, got {kind!r}')
    return STANDARDISATIONS[kind]()
