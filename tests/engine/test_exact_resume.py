"""Order and augmentation of samples depend on seed and position alone."""

import pickle
import random
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ktda_mmseg.engine import ResumableSampler, SeedSample


def draw(count, size=7, skip=0, **options):
    sampler = ResumableSampler(range(size), **{'seed': 3, **options})
    sampler.skip(skip)
    return [(int(index), index.seed) for index in islice(sampler, count)]


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(0, 60), st.booleans())
def test_a_skip_continues_the_same_stream(size, skip, shuffle):
    whole = draw(skip + 10, size, shuffle=shuffle)
    assert draw(10, size, skip, shuffle=shuffle) == whole[skip:]


def test_each_pass_is_another_permutation_with_other_seeds():
    drawn = draw(21)
    passes = [drawn[i : i + 7] for i in (0, 7, 14)]
    orders = [[index for index, _ in one] for one in passes]
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert len({seed for _, seed in drawn}) == 21
    assert draw(21, seed=4) != drawn


def test_without_shuffle_the_order_is_kept():
    assert [index for index, _ in draw(9, shuffle=False)] == [0, 1, 2, 3, 4, 5, 6, 0, 1]


def test_ranks_share_one_stream(monkeypatch):
    streams = []
    for rank in range(2):
        monkeypatch.setattr('ktda_mmseg.engine.exact_resume.get_dist_info', lambda r=rank: (r, 2))
        streams.append(draw(7))
    monkeypatch.undo()
    interleaved = [sample for pair in zip(*streams) for sample in pair]
    assert interleaved == draw(14)


def test_the_seed_survives_the_way_to_a_worker():
    index = next(iter(ResumableSampler(range(5), seed=1)))
    copy = pickle.loads(pickle.dumps(index))
    assert (copy, copy.seed) == (index, index.seed)


def test_seed_sample_fixes_all_three_generators():
    def numbers(index):
        SeedSample().transform(dict(sample_idx=index))
        return random.random(), np.random.rand(), torch.rand(1).item()

    first, second = islice(ResumableSampler(range(5), seed=1), 2)
    assert numbers(first) == numbers(first) != numbers(second)
    with pytest.raises(AssertionError):
        assert numbers(3) == numbers(3)
