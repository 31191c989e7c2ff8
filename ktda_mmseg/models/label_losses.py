"""Losses between logits and labels that mmseg lacks, or has only as compiled ops."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models import losses
from mmseg.registry import MODELS
from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss


@MODELS.register_module(force=True)
class CrossEntropyLoss(losses.CrossEntropyLoss):
    """mmseg's loss, in its place, with class weights beside ignored pixels.

    The mean is PyTorch's: over the weights of the labelled pixels. The original mmseg looks up the
    weight of the label 255 (``IndexError``), the maintained one fails with ``avg_non_ignore=True``.
    Without class weights nothing differs.
    """

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        ignore_index: int = -100,
        **kwargs: Any,  # noqa: ANN401
    ) -> Tensor:
        """Return the loss of logits ``(N, C, H, W)`` and labels ``(N, H, W)``, as mmseg's does."""
        averages = avg_factor is None and (reduction_override or self.reduction) == 'mean'
        if averages and self.class_weight is not None and not (self.use_sigmoid or self.use_mask):
            weights = cls_score.new_tensor(self.class_weight)
            avg_factor = weights[label[label != ignore_index]].sum()
        return super().forward(
            cls_score, label, weight, avg_factor, reduction_override, ignore_index, **kwargs
        )


@MODELS.register_module()
class SoftCrossEntropyLoss(nn.Module):
    """Cross-entropy over the pixels that have a label; classes may be ordered.

    For ordered classes, such as degrees of cover from low to high, a pixel of class ``k`` has
    the target ``softmax_i(-|i - k| / spread)``, so that a neighbour is a smaller error than a
    class far off. Source: the soft labels of Diaz and Marathe (CVPR 2019), by absolute distance.
    Without ``spread`` and weights it equals ``CrossEntropyLoss(avg_non_ignore=True)`` of mmseg;
    ignored pixels and class weights go together on every version of OpenMMLab's packages.

    Args:
        spread (float): In classes; 0 for classes without an order.
        class_weight (Sequence[float] | None): Factor on the pixels of each class.
        loss_weight (float): Factor on the loss.
        loss_name (str): Key of the loss in logs.

    Raises:
        ValueError: If ``spread`` is negative.
    """

    def __init__(
        self,
        spread: float = 0.0,
        class_weight: Sequence[float] | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ce',
    ) -> None:
        super().__init__()
        if spread < 0:
            raise ValueError(f'SoftCrossEntropyLoss: expected a spread of at least 0, got {spread}')
        self.spread = spread
        self.class_weight = class_weight
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self, logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = 255
    ) -> Tensor:
        """Average the loss over the labelled pixels."""
        classes = logits.size(1)
        if self.class_weight is not None and len(self.class_weight) != classes:
            raise ValueError(
                f'SoftCrossEntropyLoss: expected a class_weight for each of {classes} classes, got '
                f'{len(self.class_weight)}'
            )
        known = labels != ignore_index
        filled = labels.where(known, 0)
        # fp32 even under autocast, as the other losses
        scores = logits.float().log_softmax(1)
        if self.spread:
            order = torch.arange(classes, device=logits.device)
            distance = (order[:, None] - order).abs()
            targets = (-distance / self.spread).softmax(1)[filled].movedim(-1, 1)
            loss = -(targets * scores).sum(1)
        else:
            loss = F.nll_loss(scores, filled, reduction='none')
        pixels = known.float() if weight is None else known * weight
        if self.class_weight is not None:
            pixels = pixels * logits.new_tensor(self.class_weight, dtype=torch.float32)[filled]
        return self.loss_weight * (loss * pixels).sum() / known.sum().clamp(min=1)


@MODELS.register_module()
class SigmoidFocalLoss(nn.Module):
    """Focal loss of each class against the rest.

    The values are those of mmseg's ``FocalLoss``, which needs mmcv's compiled ops on a GPU and on
    a CPU cannot take a map of labels.

    Args:
        gamma (float): How little a pixel counts that is predicted well.
        alpha (float): Weight of the class; the rest has ``1 - alpha``.
        loss_weight (float): Factor on the loss.
    """

    loss_name = 'loss_focal'

    def __init__(self, gamma: float = 2.0, alpha: float = 0.5, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.gamma = gamma
        self.alpha = alpha
        self.loss_weight = loss_weight

    def forward(
        self, logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = 255
    ) -> Tensor:
        """Average the loss over all classes and pixels, of which ignored ones count 0.

        Args:
            logits (Tensor): ``(N, C, H, W)``, or ``(N, 1, H, W)``, that of class 1 of two.
            labels (Tensor): Class indices ``(N, H, W)``.
            weight (Tensor, optional): Weight of each pixel ``(N, H, W)``.
            ignore_index (int): Label of pixels to ignore.

        Returns:
            Tensor: A scalar.
        """
        known = labels != ignore_index
        count = logits.size(1)
        # a head of one output says how likely the second of two classes is
        classes = F.one_hot(labels.where(known, 0), max(count, 2)).movedim(-1, 1)[:, -count:]
        # fp32 even under autocast, as the other losses
        loss = sigmoid_focal_loss(logits.float(), classes.float(), self.alpha, self.gamma)
        pixels = known if weight is None else known * weight
        return self.loss_weight * (loss * pixels.unsqueeze(1)).mean()
