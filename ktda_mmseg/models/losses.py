"""Knowledge-transfer losses between one level of student and teacher features."""

from abc import abstractmethod
from typing import ClassVar, Literal

import torch.nn as nn
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor

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
    r"""Kullback-Leibler divergence from student to teacher features.

    Both maps become distributions along ``axis`` by a softmax at temperature
    :math:`T`; the loss is :math:`T^2\,KL(P_{teacher}\,\|\,P_{student})`.

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
        if self.axis == 'spatial':
            student, teacher = student.flatten(2), teacher.flatten(2)
        dim = 1 if self.axis == 'channel' else -1
        divisor = len(student) if self.axis == 'width' else student.numel() / student.size(dim)
        divergence = F.kl_div(
            F.log_softmax(student / self.temperature, dim),
            F.log_softmax(teacher / self.temperature, dim),
            reduction='sum',
            log_target=True,
        )
        return self.temperature**2 * divergence / divisor


@MODELS.register_module()
class FeatureL2Loss(FeatureLoss):
    """Mean squared difference of student and teacher features.

    The paper's "L2 normalization" (:math:`L_{mse}` in its figure); nothing is normalised.

    Args:
        loss_weight (float): Factor on the loss.
    """

    loss_name = 'loss_l2'

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Average the squared difference over all elements."""
        return F.mse_loss(student, teacher)
