"""FAM's grid, widths and errors."""

from math import ceil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ktda_mmseg.models import FAM


def levels(height, width, channels=(4, 6)):
    return [
        torch.randn(2, c, ceil(height / 4 / 2**i), ceil(width / 4 / 2**i))
        for i, c in enumerate(channels)
    ]


@settings(max_examples=40)
@given(
    st.integers(4, 60).map(lambda n: 4 * n),
    st.integers(4, 60).map(lambda n: 4 * n),
    st.integers(1, 20),
)
def test_grid_is_the_teachers(height, width, patch_size):
    aligned = FAM([4, 6], 8, patch_size)(levels(height, width))
    expected = (2, 8, ceil(height / patch_size), ceil(width / patch_size))
    assert [tuple(x.shape) for x in aligned] == [expected] * 2


def test_grid_from_a_single_coarse_level():
    aligned = FAM([6], 8, stride=32)([torch.randn(1, 6, 8, 8)])
    assert aligned[0].shape == (1, 8, 19, 19)


def test_a_constant_level_stays_constant():
    fam = FAM([4], 8)
    aligned = fam([torch.ones(1, 4, 16, 16)])[0]
    expected = fam.convert[0].weight.sum((1, 2, 3)) + fam.convert[0].bias
    torch.testing.assert_close(aligned, expected.view(1, 8, 1, 1).expand_as(aligned))


def test_a_width_for_each_level():
    aligned = FAM([4, 6], [3, 5])(levels(64, 64))
    assert [x.size(1) for x in aligned] == [3, 5]


def test_a_grid_for_each_level_of_a_teacher_that_is_a_pyramid():
    aligned = FAM([4, 6], 8, patch_size=[4, 16])(levels(64, 48))
    assert [tuple(x.shape[2:]) for x in aligned] == [(16, 12), (4, 3)]


def test_fuse_sums_levels_and_leaves_them_as_they_are():
    plain, fused = FAM([4, 6], 8), FAM([4, 6], 8, fuse=True)
    fused.load_state_dict(plain.state_dict())
    inputs = levels(64, 64)
    a, b = plain(inputs)
    (total,) = fused(inputs)
    torch.testing.assert_close(total, a + b)


def test_errors_name_what_differs():
    with pytest.raises(ValueError, match=r'FAM.out_channels to be one number or 2.*\[8, 8, 8\]'):
        FAM([4, 6], [8, 8, 8])
    with pytest.raises(ValueError, match=r'FAM.patch_size to be one number or 2.*got \[8\]'):
        FAM([4, 6], 8, patch_size=[8])
    with pytest.raises(ValueError, match=r'one grid to fuse.*\[3, 5\]'):
        FAM([4, 6], [3, 5], fuse=True)
    with pytest.raises(ValueError, match=r'one grid to fuse.*\[4, 8\]'):
        FAM([4, 6], 8, patch_size=[4, 8], fuse=True)
    with pytest.raises(ValueError, match='expected 2 student levels.*got 1'):
        FAM([4, 6], 8)(levels(64, 64)[:1])
