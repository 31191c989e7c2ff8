"""A process that ends says why, and what was measured before is kept."""

import os
import signal
from functools import partial
from unittest.mock import Mock

import pytest

from ktda_mmseg.benchmark.timing import Measurement, own_process, take_turns


def test_a_function_is_prepared_once_and_runs_in_a_process_of_its_own():
    with own_process('x', partial, divmod, 7) as run:
        with pytest.raises(TypeError, match='divmod expected 2 arguments'):
            run()
    with own_process('x', partial, os.getpid) as run:
        assert run() == run() != os.getpid()


def test_a_killed_process_says_why(forks):
    killed = 'x: its process was killed, most often since memory'
    with pytest.raises(RuntimeError, match=killed):
        with own_process('x', partial, signal.raise_signal, signal.SIGKILL) as run:
            run()
    with pytest.raises(RuntimeError, match=killed):
        with own_process('x', signal.raise_signal, signal.SIGKILL):
            pass


def turns(lasts, warm_up, repeats):
    results = [Measurement(str(last), 1, (8, 8), 1, {}) for last in lasts]
    answers = [(turn / 2, {'loss': turn}, 2**turn) for turn in range(9)]
    failure = RuntimeError('its process was killed')
    runs = [Mock(side_effect=[*answers[:last], failure]) for last in lasts]
    take_turns(runs, results, warm_up, repeats)
    return results


def test_what_was_measured_before_a_process_ended_is_kept(monkeypatch):
    said = []
    monkeypatch.setattr('ktda_mmseg.benchmark.timing.print_log', lambda text, *_: said.append(text))
    for result in turns([4, 3], warm_up=1, repeats=5):
        assert result.seconds == [0.5, 1.0] and result.memory == 4
        assert result.losses == [{'loss': 0}, {'loss': 1}, {'loss': 2}]
    assert said == ['its process was killed; the 2 of 5 timed turns before are kept']


def test_a_process_that_ends_before_a_timed_turn_is_an_error():
    with pytest.raises(RuntimeError, match='its process was killed'):
        turns([9, 1], warm_up=1, repeats=3)
