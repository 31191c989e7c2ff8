"""How alike two sets of features are: linear CKA, cosine, and what one leaves of the other.

Features are tokens ``(n, C)``: a row a position, the same positions in both sets.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def linear_cka(student: Tensor, teacher: Tensor) -> float:
    """Compare two representations of the same positions, whatever their widths and axes.

    Rotations of the channels, one scale for all of them and shifts change nothing. With few
    positions and many channels any two sets look alike. Source: Kornblith et al., "Similarity of
    Neural Network Representations Revisited", ICML 2019, section 3 (linear kernel).

    Returns 0 (no linear relation) to 1 (the same up to rotation and scale); 0 where one of the sets
    is constant.
    """
    _require_pairs(student, teacher)
    student, teacher = centred(student), centred(teacher)
    shared = (student.T @ teacher).square().sum()
    own = torch.linalg.norm(student.T @ student) * torch.linalg.norm(teacher.T @ teacher)
    return float(shared / own) if own > 0 else 0.0


def mean_cosine(student: Tensor, teacher: Tensor) -> float:
    """Average the cosine of the angle between the tokens of a position.

    Each channel is standardised over the positions first, or the channels of the largest mean
    would decide.

    Returns -1 to 1; 0 is what unrelated features give.
    """
    _require_pairs(student, teacher, same_width=True)
    return float(F.cosine_similarity(standardised(student), standardised(teacher)).mean())


def unexplained(student: Tensor, teacher: Tensor) -> float:
    """Return the L2 distance to standardised teacher features, after the best scale and shift.

    That is the mean squared error left in a channel when the student's channel predicts it
    linearly, in units of the channel's variance, averaged over the channels. Scale and shift are
    the student's own business, as transfer may run on raw or on standardised features.

    Returns 0 (all of the teacher's variance explained) to 1 (no better than its mean). Channels of
    the teacher that are constant do not count.
    """
    _require_pairs(student, teacher, same_width=True)
    varies = centred(teacher).abs().amax(0) > 0
    correlation = (standardised(student) * standardised(teacher))[:, varies].mean(0)
    return float((1 - correlation.square()).mean()) if varies.any() else 0.0


def centred(tokens: Tensor) -> Tensor:
    """Take the mean off each channel of tokens ``(n, C)``, in double precision."""
    tokens = tokens.double()
    return tokens - tokens.mean(0)


def standardised(tokens: Tensor) -> Tensor:
    """Bring each channel of tokens ``(n, C)`` to mean 0 and variance 1; constant ones become 0."""
    tokens = centred(tokens)
    deviation = tokens.square().mean(0).sqrt()
    return tokens / deviation.where(deviation > 0, 1)


def _require_pairs(student: Tensor, teacher: Tensor, same_width: bool = False) -> None:
    compared = slice(None) if same_width else slice(1)
    if student.shape[compared] != teacher.shape[compared]:
        raise ValueError(
            f'expected tokens of the same {"shape" if same_width else "positions"}, got '
            f'{tuple(student.shape)} and {tuple(teacher.shape)}'
        )
