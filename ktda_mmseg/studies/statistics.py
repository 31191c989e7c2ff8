"""Means over seeds, and what can be said from so few of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A mean over seeds.

    Attributes:
        values (tuple[float, ...]): Of each seed.
        mean (float): Their mean; NaN without any.
        std (float): Sample standard deviation; NaN for fewer than two.
        low (float): Lower end of the 95 % interval of the mean by Student's t; NaN likewise.
        high (float): Upper end.
    """

    values: tuple[float, ...]
    mean: float
    std: float
    low: float
    high: float


def estimate(values: Sequence[float | None]) -> Estimate:
    """Estimate a mean.

    Args:
        values (Sequence[float | None]): One a seed; None where there is none.

    Returns:
        Estimate: Mean, spread and interval.
    """
    nan = float('nan')
    # what JSON files hold where there was nothing to count
    found = tuple(nan if value is None else value for value in values)
    if len(found) < 2:
        return Estimate(found, found[0] if found else nan, nan, nan, nan)
    mean, std = float(np.mean(found)), float(np.std(found, ddof=1))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(found) - 1) * std / np.sqrt(len(found))
    return Estimate(found, mean, std, float(mean - half), float(mean + half))


def paired_difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Estimate:
    """Estimate the mean difference of two rows over the seeds that both have.

    Args:
        ours (Mapping[int, float]): Scores by seed.
        theirs (Mapping[int, float]): Scores to subtract, by seed.

    Returns:
        Estimate: Of the differences, in the order of the seeds.
    """
    return estimate([ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())])
