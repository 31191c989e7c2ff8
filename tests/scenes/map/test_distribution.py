"""Every strip has one process, every scene one that finishes it, and all have as much to do."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.scenes.map.distribution import Ranks, runs, share

SCENES = st.lists(st.tuples(st.sets(st.integers(0, 30)).map(sorted), st.integers(1, 9)), max_size=6)


@given(SCENES, st.integers(1, 5))
def test_shares_are_complete_contiguous_and_even(scenes, count):
    missing, costs = [strips for strips, _ in scenes], [cost for _, cost in scenes]
    shares = share(missing, costs, count)
    assert len(shares) == count
    flat = [(one.scene, strip) for mine in shares for one in mine for strip in one.strips]
    expected = [(scene, strip) for scene, strips in enumerate(missing) for strip in strips]
    assert sorted(flat) == expected
    if all(missing):
        assert flat == expected
    for scene in range(len(scenes)):
        those = [one for mine in shares for one in mine if one.scene == scene]
        assert sum(one.finishes for one in those) == 1
        assert all(one.alone == (len(those) == 1) for one in those)
    loads = [sum(costs[one.scene] * len(one.strips) for one in mine) for mine in shares]
    assert max(loads) - min(loads) <= 2 * max(costs, default=0)


@given(st.sets(st.integers(0, 40)).map(sorted))
def test_runs_cover_the_numbers_and_no_other(numbers):
    found = runs(numbers)
    assert [number for first, stop in found for number in range(first, stop)] == numbers
    assert all(stop < first for (_, stop), (first, _) in pairwise(found))


def test_a_process_alone():
    ranks = Ranks()
    assert (ranks.rank, ranks.count) == (0, 1) and ranks.gather({'a': 1}) == [{'a': 1}]
