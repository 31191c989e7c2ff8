"""A processor that is slower in bfloat16 is told apart from one that is not."""

import time

import pytest
import torch

from ktda_mmseg.utils import precision


@pytest.fixture
def told(monkeypatch):
    """Texts of the warnings, after a measurement of its own."""
    texts = []
    monkeypatch.setattr(precision, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(precision, 'print_log', lambda text, *_: texts.append(text))
    precision.bfloat16_time.cache_clear()
    yield texts
    precision.bfloat16_time.cache_clear()


@pytest.mark.parametrize(
    ('slow', 'expected'), [(torch.bfloat16, ['bfloat16 takes']), (torch.float32, [])]
)
def test_the_slower_precision_is_measured(monkeypatch, told, slow, expected):
    """A clock that runs while products of one type are made."""
    product, now = torch.Tensor.__matmul__, [0.0]
    monkeypatch.setattr(time, 'perf_counter', lambda: now[0])

    def timed(self, other):
        now[0] += 9.0 if self.dtype == slow else 1.0
        return product(self, other)

    monkeypatch.setattr(torch.Tensor, '__matmul__', timed)
    precision.warn_if_bfloat16_is_slower()
    assert [text[:14] for text in told] == expected
    assert precision.bfloat16_time() == pytest.approx(9.0 if slow == torch.bfloat16 else 1 / 9)
