"""A process that ends says why, and what was measured before is kept."""

import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from unittest.mock import Mock

import pytest

from ktda_mmseg.benchmark.interleave import Measurement, take_turns
from ktda_mmseg.benchmark.worker import Worker, started


@pytest.mark.parametrize(
    ('target', 'argument', 'message'),
    [
        (signal.raise_signal, signal.SIGKILL, 'x: its process was killed, most often since memory'),
        (sys.exit, 1, 'x: its process failed, see above'),
    ],
)
def test_a_process_that_ends_says_why(target, argument, message):
    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(argument,))
    process.start()
    theirs.close()
    with pytest.raises(RuntimeError, match=message):
        Worker('x', process, ours).ask()


def test_a_process_answers_and_ends_with_its_context():
    with started('x', Connection.send, 'ready') as worker:
        assert worker.ask() == 'ready'
    assert not worker.process.is_alive() and worker.pipe.closed


def turns(lasts, warm_up, repeats):
    results = [Measurement(str(last), 1, (8, 8), 1, {}) for last in lasts]
    answers = [(turn / 2, {'loss': turn}, 2**turn) for turn in range(9)]
    failure = RuntimeError('its process was killed')
    workers = [Mock(ask=Mock(side_effect=[*answers[:last], failure])) for last in lasts]
    take_turns(workers, results, warm_up, repeats)
    return results


def test_what_was_measured_before_a_process_ended_is_kept(monkeypatch):
    said = []
    monkeypatch.setattr(
        'ktda_mmseg.benchmark.interleave.print_log', lambda text, *_: said.append(text)
    )
    for result in turns([4, 3], warm_up=1, repeats=5):
        assert result.seconds == [0.5, 1.0] and result.memory == 4
        assert result.losses == [{'loss': 0}, {'loss': 1}, {'loss': 2}]
    assert said == ['its process was killed; the 2 of 5 timed turns before are kept']


def test_a_process_that_ends_before_a_timed_turn_is_an_error():
    with pytest.raises(RuntimeError, match='its process was killed'):
        turns([9, 1], warm_up=1, repeats=3)
