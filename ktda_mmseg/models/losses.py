"""Transfer losses: a level of student features against the same level of the teacher's."""

from abc import abstractmethod
from typing import ClassVar, Literal

import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor, nn

KLAxis = Literal['width', 'channel', 'spatial']


class FeatureLoss(nn.Module):
    """Base of the losses that compare one level.

    Args:
        loss_weight (float): Factor on the loss.
    """

    loss_name: ClassVar[str]

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compute the loss of one level.

        Args:
            student (Tensor): Aligned student features ``(N, C, H, W)``.
            teacher (Tensor): Teacher features of the same shape.

        Returns:
            Tensor: A scalar.
        """
        # fp32 even under autocast: sums over thousands of rows overflow in half precision
        return self.loss_weight * self.compare(student.float(), teacher.float())

    @abstractmethod
    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare features ``(N, C, H, W)`` in fp32; a scalar without the weight."""


@MODELS.register_module()
class FeatureKLDivLoss(FeatureLoss):
    """Kullback-Leibler divergence from student to teacher features.

    Both maps become distributions along ``axis`` by a softmax at temperature
    ``T``; the loss is ``T² KL(P_teacher || P_student)``.

    ``'width'`` is what the official code computes (``distill_encoder_decoder.py``): one
    distribution over the columns of every row of every channel, *summed* over channels and rows
    and averaged over the batch only, hence large. ``'channel'`` compares the channels at a
    position, ``'spatial'`` the positions of a channel; both are averaged over their distributions.

    Args:
        axis (str): ``'width'``, ``'channel'`` or ``'spatial'``.
        temperature (float): Softmax temperature, above 0.
        loss_weight (float): Factor on the loss.

    Raises:
        ValueError: If ``axis`` is unknown or ``temperature`` is not above 0.
    """

    loss_name = 'loss_kl'

    def __init__(
        self, axis: KLAxis = 'width', temperature: float = 1.0, loss_weight: float = 1.0
    ) -> None:
        super().__init__(loss_weight)
        if axis not in ('width', 'channel', 'spatial'):
            raise ValueError(f"expected axis 'width', 'channel' or 'spatial', got {axis!r}")
        if temperature <= 0:
            raise ValueError(f'expected a temperature above 0, got {temperature}')
        self.axis = axis
        self.temperature = temperature

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Divide the summed divergence by the number of distributions, or of images for width."""
        if self.axis == 'channel':  # last: a softmax over what lies side by side is the fastest
            student, teacher = student.movedim(1, -1), teacher.movedim(1, -1)
        elif self.axis == 'spatial':
            student, teacher = student.flatten(2), teacher.flatten(2)
        divisor = len(student) if self.axis == 'width' else student.numel() / student.size(-1)
        found, wanted = self._log_probabilities(student), self._log_probabilities(teacher)
        # F.kl_div does the same, in a third more time
        divergence = (wanted.exp() * (wanted - found)).sum()
        return self.temperature**2 * divergence / divisor

    def _log_probabilities(self, maps: Tensor) -> Tensor:
        """Return those along the last axis."""
        return F.log_softmax(maps if self.temperature == 1 else maps / self.temperature, -1)


@MODELS.register_module()
class FeatureL2Loss(FeatureLoss):
    """Mean squared difference of student and teacher features.

    The paper's "L2 normalization" (``L_mse`` in its figure); nothing is normalised.

    Args:
        loss_weight (float): Factor on the loss.
    """

    loss_name = 'loss_l2'

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Average the squared difference over all elements."""
        return F.mse_loss(student, teacher)


@MODELS.register_module()
class FeatureRelationLoss(FeatureLoss):
    """Which tokens of an image are alike, to the teacher and to the student.

    Tokens are scaled to length 1; with ``P = softmax(T Tᵀ / temperature)`` and
    ``Q = softmax(S Sᵀ / temperature)``, a row a token, the loss is the mean over the rows of
    ``KL(P || Q)``. The widths of student and teacher may differ. Source: the local loss of
    LightlyTrain's third version of distillation.

    Args:
        temperature (float): Above 0.
        loss_weight (float): Factor on the loss.

    Raises:
        ValueError: If ``temperature`` is not above 0.
    """

    loss_name = 'loss_relation'

    def __init__(self, temperature: float = 0.07, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        if temperature <= 0:
            raise ValueError(f'expected a temperature above 0, got {temperature}')
        self.temperature = temperature

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Average the divergence over the tokens of all images."""
        found, wanted = (self._relations(maps) for maps in (student, teacher))
        return F.kl_div(
            found.flatten(0, 1), wanted.flatten(0, 1), reduction='batchmean', log_target=True
        )

    def _relations(self, maps: Tensor) -> Tensor:
        """Return log-probabilities ``(N, L, L)``."""
        tokens = F.normalize(maps.flatten(2), dim=1)
        return F.log_softmax(tokens.transpose(1, 2) @ tokens / self.temperature, dim=2)


@MODELS.register_module()
class FeatureQueryLoss(FeatureLoss):
    """Student tokens gathered where the teacher's answer their queries.

    With ``q = W_q LN(s)`` and ``v = W_v LN(s)``, the tokens
    ``softmax(q tᵀ / √C) v`` are compared with the teacher's by their mean squared
    difference. The two projections learn; all levels share them. Source: the query loss of GKD
    (arXiv 2603.02554), whose masking of tokens is left out.

    Args:
        channels (int): Width of the teacher's levels, one for all.
        loss_weight (float): Factor on the loss.

    Raises:
        ValueError: If a level has another width.
    """

    loss_name = 'loss_query'

    def __init__(self, channels: int, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        self.channels = channels
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Average the squared difference over all elements."""
        if student.size(1) != self.channels:
            raise ValueError(
                f'FeatureQueryLoss: expected levels of {self.channels} channels, got '
                f'{student.size(1)}'
            )
        own, wanted = (maps.flatten(2).transpose(1, 2) for maps in (student, teacher))
        own = self.norm(own)
        gathered = F.scaled_dot_product_attention(self.query(own), wanted, self.value(own))
        return F.mse_loss(gathered, wanted)
