"""The focal loss of mmseg, without compiled ops."""

import torch.nn as nn
import torch.nn.functional as F
from mmseg.registry import MODELS
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss


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
