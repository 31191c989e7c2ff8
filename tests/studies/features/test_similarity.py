"""Measures of likeness against their formulas in NumPy and SciPy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import cosine

from ktda_mmseg.studies.features.similarity import linear_cka, mean_cosine, unexplained


def draw(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def related(seed, positions=40, channels=5, noise=1.0):
    """Return tokens, and others that follow them but for scale, shift and noise."""
    student, scale, shift = draw(seed, positions, channels), *draw(seed + 1, 2, channels)
    return student, 3 * scale * student + 10 * shift + noise * draw(seed + 2, positions, channels)


def by_gram_matrices(student, teacher):
    """Centred kernel alignment as the paper writes it: HSIC(K, L) over those of K and L alone."""
    centring = np.eye(len(student)) - 1 / len(student)
    own, other = (centring @ x @ x.T @ centring for x in (student, teacher))
    alone = np.trace(own @ own) * np.trace(other @ other)
    return np.trace(own @ other) / np.sqrt(alone)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), widths=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_cka_is_that_of_gram_matrices(seed, widths):
    a, b = (draw(seed + i, 12, width) + i for i, width in enumerate(widths))
    found = linear_cka(torch.tensor(a), torch.tensor(b))
    assert found == pytest.approx(by_gram_matrices(a, b), abs=1e-10)
    assert 0 <= found <= 1 + 1e-12


def test_cka_ignores_rotation_scale_and_shift_but_not_a_scale_of_one_channel():
    tokens = draw(0, 30, 4) * [1, 2, 3, 4]
    rotation = stats.ortho_group.rvs(4, random_state=0)
    assert linear_cka(*map(torch.tensor, (tokens, 5 * tokens @ rotation - 7))) == pytest.approx(1)
    assert linear_cka(*map(torch.tensor, (tokens, tokens * [9, 1, 1, 1]))) < 0.9


def test_unrelated_features_are_unlike_and_constant_ones_are_no_error():
    a, b, constant = (
        torch.tensor(draw(0, 5000, 4)),
        torch.tensor(draw(1, 5000, 4)),
        torch.ones(9, 4),
    )
    assert linear_cka(a, b) < 0.01
    assert abs(mean_cosine(a, b)) < 0.02
    assert unexplained(a, b) > 0.99
    assert linear_cka(constant, a[:9]) == mean_cosine(constant, a[:9]) == 0
    assert unexplained(constant, a[:9]) == 1 and unexplained(a[:9], constant) == 0


@pytest.mark.parametrize('seed', range(3))
def test_the_cosine_is_that_of_standardised_tokens(seed):
    a, b = related(seed)
    expected = [1 - cosine(u, v) for u, v in zip(stats.zscore(a), stats.zscore(b))]
    found = mean_cosine(torch.tensor(a), torch.tensor(b))
    assert found == pytest.approx(np.mean(expected), abs=1e-10)
    assert abs(found) > 0.05


@pytest.mark.parametrize('seed', range(3))
def test_what_is_left_is_the_error_of_a_regression_by_channel(seed):
    a, b = related(seed)
    left = []
    for x, y in zip(a.T, b.T):
        line = stats.linregress(x, y)
        left.append(np.mean((line.slope * x + line.intercept - y) ** 2) / y.var())
    found = unexplained(torch.tensor(a), torch.tensor(b))
    assert found == pytest.approx(np.mean(left), abs=1e-10)
    assert 0.05 < found < 0.95


def test_a_constant_channel_of_the_teacher_does_not_count():
    a, b = related(0)
    expected = unexplained(torch.tensor(a), torch.tensor(b))
    wider = np.concatenate([b, np.full((len(b), 1), 7.0)], 1)
    found = unexplained(torch.tensor(np.concatenate([a, a[:, :1]], 1)), torch.tensor(wider))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize('measure', [linear_cka, mean_cosine, unexplained])
def test_unpaired_tokens_are_refused(measure):
    with pytest.raises(ValueError, match=r'got \(3, 4\) and \(5, 4\)'):
        measure(torch.zeros(3, 4), torch.zeros(5, 4))
    if measure is not linear_cka:
        with pytest.raises(ValueError, match=r'same shape, got \(3, 4\) and \(3, 5\)'):
            measure(torch.zeros(3, 4), torch.zeros(3, 5))
