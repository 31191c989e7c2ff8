"""Every strip has one worker, every scene one last piece, and all workers have as much to do."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.scenes.map.scene_job import FEW, SceneJob, pieces_of, runs
from ktda_mmseg.scenes.map.strips import StripStore
from ktda_mmseg.scenes.map.windows import Grid

SCENES = st.lists(st.tuples(st.sets(st.integers(0, 30)).map(sorted), st.integers(1, 9)), max_size=6)


def job_of(number, missing, width):
    store = StripStore(Path('none'), {}, ())
    return SceneJob(f'{number}', Path('none'), Grid(100, width, (9, 9), 0), store, missing, {})


@given(SCENES, st.integers(1, 5))
def test_pieces_are_complete_contiguous_and_even(scenes, workers):
    jobs = [job_of(number, *scene) for number, scene in enumerate(scenes)]
    pieces = pieces_of(jobs, workers)
    flat = [(piece.job.name, strip) for piece in pieces for strip in piece.strips]
    assert flat == [(job.name, strip) for job in jobs for strip in job.missing]
    for job in jobs:
        those = [piece for piece in pieces if piece.job is job]
        assert [piece.last for piece in those] == [False] * (len(those) - 1) + [True]
        assert all(piece.whole == (len(those) == 1) for piece in those)
        assert len(those) == 1 or len(jobs) < FEW * workers
    total, widest = (f([len(m) * w for m, w in scenes] or [0]) for f in (sum, max))
    costs = [len(piece.strips) * piece.job.grid.width for piece in pieces]
    assert len(jobs) >= FEW * workers or max(costs, default=0) <= total / workers + 9
    assert max(costs, default=0) <= widest


@given(st.sets(st.integers(0, 40)).map(sorted))
def test_runs_cover_the_numbers_and_no_other(numbers):
    found = runs(numbers)
    assert [number for first, stop in found for number in range(first, stop)] == numbers
    assert all(stop < first for (_, stop), (first, _) in pairwise(found))
