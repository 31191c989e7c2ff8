"""How far the confidence of a model is from its accuracy, and the temperature that mends it."""

from math import exp, log

import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from torch import Tensor

BINS = 15
LOWEST, HIGHEST = 0.1, 10.0  # temperatures to look at; whatever is beyond is no calibration
WORSE = 1e-4  # of a likelihood that is told from another
NEAREST = 1e-7  # to 0 and 1, of a probability that becomes a logit


def class_logits(predicted: Tensor, threshold: float | None = None) -> Tensor:
    """Return logits ``(K, h, w)``, the largest at the label, of mmseg's ``seg_logits``.

    They are logits already but of a head with one output ``(1, h, w)``: that is the probability of
    class 1, which is labelled where it exceeds the threshold (None for 0.5).
    """
    if len(predicted) > 1:
        return predicted.float()
    odds = predicted.float().logit(NEAREST) - threshold_logit(threshold)
    return torch.cat([torch.zeros_like(odds), odds])


def threshold_logit(threshold: float | None) -> float:
    """Return the logit of a threshold of probability, which is 0.5 if None."""
    return log(threshold / (1 - threshold)) if threshold else 0.0


def bin_confidences(
    logits: Tensor, truth: Tensor, temperature: float = 1.0, ignore: int = 255
) -> Tensor:
    """Sort pixels by the probability of their label, into bins of equal width.

    Args:
        logits (Tensor): ``(K, ...)``.
        truth (Tensor): True labels ``(...)``; ``ignore`` and what is no class do not count.
        temperature (float): What logits are divided by. Default: 1.0.
        ignore (int): See ``truth``. Default: 255.

    Returns:
        Tensor: ``(15, 2)``, float64, on the CPU: the pixels of each bin, and how many more of them
        are right than their probabilities say. Those of several images add up.
    """
    top, found = logits.max(0)
    confidence = ((logits - top) / temperature).exp().sum(0).reciprocal()
    counted = (truth < len(logits)) & (truth != ignore)
    confidence = confidence[counted].cpu().double()
    surplus = (found == truth)[counted].cpu().double() - confidence
    index = ((confidence * BINS).ceil().long() - 1).clamp(0, BINS - 1)
    pixels = torch.bincount(index, minlength=BINS).double()
    return torch.stack([pixels, torch.bincount(index, surplus, BINS)], 1)


def calibration_error(bins: Tensor) -> float:
    """Return the expected calibration error, 0 to 1, of :func:`bin_confidences`; NaN of nothing.

    That is how far the mean confidence of a bin is from the share of its pixels that are right,
    averaged over the pixels.
    """
    return float(bins[:, 1].abs().sum() / bins[:, 0].sum())


def negative_log_likelihood(logits: Tensor, truth: Tensor, temperature: float = 1.0) -> float:
    """Average over pixels of ``(K, n)`` and ``(n,)`` what their true classes lack in likelihood."""
    return float(F.cross_entropy(logits[None] / temperature, truth[None]))


def fit_temperature(logits: Tensor, truth: Tensor) -> float:
    """Return the temperature that makes true classes most likely.

    Args:
        logits (Tensor): ``(K, n)``, of labelled pixels.
        truth (Tensor): Their classes ``(n,)``, int64.

    Returns:
        float: What logits are to be divided by, from 0.1 to 10.

    Raises:
        ValueError: If there is no pixel, a logit is no number, or the best one is out of range.
    """
    if not len(truth):
        raise ValueError('expected labelled pixels, found none: all are to be ignored')
    if not logits.isfinite().all():
        raise ValueError('expected logits, found NaN or infinity')
    logits = logits.double()

    def lack(power: float) -> float:
        return negative_log_likelihood(logits, truth, exp(power))

    # with one minimum at the most: it is convex in the inverse
    bounds = log(LOWEST), log(HIGHEST)
    found = minimize_scalar(lack, bounds=bounds, method='bounded')
    for bound, meaning in zip(
        bounds, ('right nearly everywhere', 'as good as random'), strict=True
    ):
        if lack(bound) < found.fun + WORSE:
            raise ValueError(
                f'expected a best temperature between {LOWEST:g} and {HIGHEST:g}, but '
                f'{exp(bound):g} is as good: the model is {meaning} on these pixels, which tells '
                'nothing of its confidence'
            )
    return exp(found.x)
