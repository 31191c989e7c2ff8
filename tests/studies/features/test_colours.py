"""Colours of feature maps against NumPy's decomposition."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from ktda_mmseg.studies.features.maps import colours


def maps(seed=0, channels=6):
    """Return two images of different sizes, whose channels differ in strength."""
    generator = torch.Generator().manual_seed(seed)
    strengths = torch.arange(channels, 0, -1.0).view(-1, 1, 1)
    return [
        strengths * torch.randn(channels, *size, generator=generator) + 3
        for size in ((5, 7), (6, 4))
    ]


def tokens(maps):
    return np.concatenate([x.flatten(1).T.numpy() for x in maps]).astype(np.float64)


def test_components_are_those_of_the_covariance():
    features = maps()
    pictures, found = colours(features)
    flat = tokens(features)
    variances, axes = np.linalg.eigh(np.cov(flat.T, bias=True))
    expected = (flat - flat.mean(0)) @ axes[:, :-4:-1] / np.sqrt(variances[:-4:-1])
    components = tokens(found)
    np.testing.assert_allclose(abs(components), abs(expected), atol=1e-5)
    assert [x.shape for x in pictures] == [(5, 7, 3), (6, 4, 3)]
    shades = np.concatenate([x.reshape(-1, 3) for x in pictures])
    low, high = np.percentile(components, (2, 98), axis=0)
    unit = np.clip((components - low) / (high - low), 0, 1)
    assert shades.dtype == np.uint8 and abs(shades - 255 * unit).max() <= 1


def test_a_rotated_copy_gets_the_same_colours_and_other_features_others():
    teacher = maps()
    rotation = torch.linalg.qr(torch.randn(6, 6)).Q
    shown, components = colours(teacher)
    copies = [4 * torch.einsum('chw,cd->dhw', x, rotation) - 1 for x in teacher]
    same, _ = colours(copies, like=components)
    other, _ = colours(maps(seed=1), like=components)
    for a, b, c in zip(same, shown, other):
        assert abs(a.astype(int) - b).max() <= 1
        assert np.corrcoef(c.ravel(), b.ravel())[0, 1] < 0.5


def test_the_teacher_may_lie_on_another_grid():
    teacher = maps()
    fine = [interpolate(x[None], scale_factor=2)[0] for x in teacher]
    shown, _ = colours(teacher)
    same, _ = colours(teacher, like=colours(fine)[1])
    for a, b in zip(same, shown):
        # the sign of a component is arbitrary, its contrast is not
        either = [abs(a.astype(int) - x).max(axis=(0, 1)) for x in (b, 255 - b)]
        assert np.minimum(*either).max() <= 2


@pytest.mark.parametrize('features', [maps(channels=2), [torch.ones(4, 5, 7), torch.ones(4, 6, 4)]])
def test_narrow_and_constant_features_have_colours_too(features):
    pictures, components = colours(features, like=colours(maps())[1])
    assert all(torch.isfinite(x).all() for x in components)
    assert pictures[0].shape == (5, 7, 3)


def test_constant_features_are_black():
    assert not colours([torch.ones(4, 5, 7)])[0][0].any()
