import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ktda_mmseg.studies.summary import Summary, estimate

SCORES = st.lists(st.floats(0, 100), min_size=2, max_size=8).filter(lambda s: np.std(s) > 1e-6)


@given(SCORES)
def test_the_interval_is_that_of_a_t_test(values):
    found = estimate(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose((found.low, found.high), expected, rtol=1e-9, atol=1e-9)


def test_five_seeds_by_hand():
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0])
    # t of 97.5 % with four degrees of freedom is 2.776 in any table
    half = 2.7764451 * math.sqrt(2.5) / math.sqrt(5)
    assert (found.mean, found.std) == (3.0, pytest.approx(math.sqrt(2.5)))
    assert (found.low, found.high) == (pytest.approx(3 - half), pytest.approx(3 + half))


@pytest.mark.parametrize(('values', 'mean'), [([], math.nan), ([7.0], 7.0)])
def test_one_seed_has_no_spread(values, mean):
    found = estimate(values)
    np.testing.assert_equal(tuple(found), (tuple(values), mean, *[math.nan] * 3))


def test_a_score_of_nothing_is_no_number():
    """Results hold null for it."""
    np.testing.assert_equal(estimate([None]).mean, math.nan)
    np.testing.assert_equal(estimate([1.0, None]).mean, math.nan)


def test_differences_are_paired_by_seed():
    ours, theirs = (
        Summary('town', None, (), {seed: dict(test=dict(mIoU=v)) for seed, v in scores.items()})
        for scores in ({2: 5.0, 0: 1.0, 1: 4.0, 7: 9.0}, {0: 0.5, 2: 3.0, 1: 4.5, 3: 0.0})
    )
    found = ours.difference(theirs)
    assert found.values == (0.5, -0.5, 2.0)
    expected = stats.ttest_rel([1.0, 4.0, 5.0], [0.5, 4.5, 3.0]).confidence_interval(0.95)
    np.testing.assert_allclose((found.low, found.high), expected)
