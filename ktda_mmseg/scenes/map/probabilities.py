"""From logits to the probabilities of classes."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor


def class_probabilities(logits: Tensor, threshold: float | None = None) -> Tensor:
    """Turn logits into probabilities.

    A head with one output gives the odds of class 1 against its threshold, so that the more
    probable class is the one that mmseg labels.

    Args:
        logits (Tensor): ``(N, K, h, w)``, or ``(N, 1, h, w)`` for two classes.
        threshold (float | None): Of a head with one output, above 0 and below 1; None is 0.5.

    Returns:
        Tensor: ``(N, K, h, w)``, from 0 to 1.
    """
    if logits.size(1) > 1:
        return logits.softmax(1)
    threshold = threshold or 0.5
    positive = (logits - log(threshold / (1 - threshold))).sigmoid()
    return torch.cat([1 - positive, positive], 1)
