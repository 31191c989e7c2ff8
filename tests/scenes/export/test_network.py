"""What stands in for an operation gives its numbers, and is no longer bound to one size."""

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ktda_mmseg.scenes.export.network import AnySize, adaptive_average, recording

SIDES = st.integers(1, 23)


@settings(max_examples=60)
@given(SIDES, SIDES, st.integers(1, 7), st.integers(1, 7))
def test_average_is_pytorchs(height, width, rows, columns):
    levels = torch.randn(2, 3, height, width)
    expected = F.adaptive_avg_pool2d(levels, (rows, columns))
    torch.testing.assert_close(adaptive_average(levels, (rows, columns)), expected)
    torch.testing.assert_close(adaptive_average(levels, rows), F.adaptive_avg_pool2d(levels, rows))


def test_a_trace_of_one_size_pools_another():
    pool = nn.AdaptiveAvgPool2d(3)
    with recording():
        traced = torch.jit.trace(pool, torch.randn(2, 4, 9, 9), check_trace=False)
    assert 'adaptive_avg_pool2d' not in str(traced.graph)
    other = torch.randn(1, 4, 7, 20)
    torch.testing.assert_close(traced(other), F.adaptive_avg_pool2d(other, 3))


def test_other_functions_are_left_alone():
    with AnySize():
        assert F.avg_pool2d(torch.ones(1, 1, 4, 4), kernel_size=2).tolist() == [[[[1, 1], [1, 1]]]]
