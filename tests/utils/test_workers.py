"""Work that is shared: in order, as often as needed, by whoever is there, and no longer."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import cloudpickle
import pytest

from ktda_mmseg.utils import workers
from ktda_mmseg.utils.errors import clean_errors
from ktda_mmseg.utils.workers import HERE, Workers

from ..waiting import wait_for

# a process of another worker does not find the tests
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def is_alive(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


class Work:
    """Multiplies numbers, notes which, and ends its process where it is told to."""

    def __init__(self, folder, deadly=(), always=False):
        self.folder, self.deadly, self.always = folder, deadly, always

    def __call__(self, number):
        mark = Path(self.folder, f'{number}')
        if number in self.deadly and (self.always or not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number < 0:
            raise FileNotFoundError(2, 'no such number', f'{number}')
        mark.touch()
        return number * 10, os.getpid(), os.environ.get('OMP_NUM_THREADS'), os.getcwd()


@pytest.mark.parametrize('threads', [1, 3])
def test_this_process_does_it_by_itself(tmp_path, threads):
    found = list(HERE.map(Work(tmp_path), range(20), threads=threads))
    assert [value for value, *_ in found] == list(range(0, 200, 10))
    assert {process for _, process, *_ in found} == {os.getpid()}
    with pytest.raises(FileNotFoundError, match='no such number'):
        list(HERE.map(Work(tmp_path), [1, -1, 2], threads=threads))


def test_threads_do_not_run_far_ahead_of_whoever_takes_the_results():
    done = []
    results = HERE.map(lambda item: done.append(item) or item, range(100), threads=2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(done) <= 2 * 4
    assert list(results) == list(range(3, 100))


@pytest.mark.slow
def test_processes_that_are_killed_lose_nothing(tmp_path, monkeypatch, capsys):
    """Slow: each process imports the package, and one is killed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('OMP_NUM_THREADS', '7')
    found = list(Workers(2).map(Work('.', deadly=(3,)), range(50), unit='number'))
    assert [value for value, *_ in found] == list(range(0, 500, 10))
    assert os.getpid() not in {process for _, process, *_ in found}
    assert {rest for *_, rest in found} == {str(tmp_path)}
    assert {threads for _, _, threads, _ in found} == {'1'}
    assert '50.0/50.0' in capsys.readouterr().err


def test_processes_that_are_killed_again_lose_nothing(forks, tmp_path):
    found = list(Workers(2).map(Work(tmp_path, deadly=(3, 30)), range(50)))
    assert [value for value, *_ in found] == list(range(0, 500, 10))


def test_an_error_arrives_as_it_was_raised(forks, tmp_path):
    with pytest.raises(FileNotFoundError) as info:
        list(Workers(2).map(Work(tmp_path), [1, -1]))
    assert info.value.filename == '-1'
    with pytest.raises(SystemExit, match='^error: expected at least 1 worker, got 0'):
        with clean_errors():
            list(Workers(2).map(_refuse, [0]))


def _refuse(count):
    return Workers(count).size()


def test_processes_that_die_for_ever_are_given_up(forks, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, 'TRIES', 2)
    with pytest.raises(OSError, match='expected workers to live, found that they died 2 times'):
        list(Workers(2).map(Work(tmp_path, deadly=(1,), always=True), range(3)))


SCRIPT = """
import os, sys, time
from ktda_mmseg.utils.workers import Workers
def wait(number):
    open(f'{number}.{os.getpid()}', 'w').close()
    time.sleep(600)
if __name__ == '__main__':
    list(Workers(2).map(wait, range(2)))
"""


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(tmp_path):
    """Slow: each process imports the package."""
    (tmp_path / 'script.py').write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, 'script.py'], cwd=tmp_path)
    wait_for(lambda: len(list(tmp_path.glob('[01].*'))) == 2)
    process.kill()
    process.wait()
    pids = [int(path.suffix[1:]) for path in tmp_path.glob('[01].*')]
    wait_for(lambda: not any(map(is_alive, pids)), seconds=60)


@pytest.fixture
def start_cluster():
    """Return a function that starts a cluster of one worker in this process."""
    dask, distributed = map(pytest.importorskip, ('dask', 'distributed'))
    # a client waits so long for a scheduler that has gone
    with dask.config.set({'distributed.comm.timeouts.connect': '1s'}), ExitStack() as stack:

        def disconnect(address):
            with suppress(OSError):  # the scheduler has gone before
                workers._client(address).close()

        def start(threads=1):
            options = dict(n_workers=1, processes=False, dashboard_address=':0')
            cluster = distributed.LocalCluster(**options, threads_per_worker=threads)
            stack.enter_context(cluster)
            stack.callback(disconnect, cluster.scheduler_address)
            return cluster

        yield start
        workers._client.cache_clear()


def slowly(number):
    time.sleep(0.05)
    if number < 0:
        raise FileNotFoundError(2, 'no such number', f'{number}')
    return number, threading.get_ident()


def test_a_cluster_of_one_worker_does_the_work_whoever_comes_and_goes(start_cluster):
    cluster = start_cluster()
    team = Workers(cluster=cluster.scheduler_address)
    results = team.map(slowly, range(20))
    found = [next(results)]
    # all that it was given is lost with it
    cluster.sync(cluster.workers[0].close)
    cluster.scale(2)
    found += results
    assert [number for number, _ in found] == [*range(20)]
    assert threading.get_ident() not in {thread for _, thread in found}
    with pytest.raises(FileNotFoundError, match='no such number'):
        list(team.map(slowly, [1, -1, 2]))


def test_a_scheduler_that_is_gone_is_told_of(start_cluster):
    cluster = start_cluster()
    results = Workers(cluster=cluster.scheduler_address).map(slowly, range(100))
    next(results)
    cluster.close()
    with pytest.raises(OSError, match='expected the scheduler to stay .* found it gone'):
        list(results)


def test_workers_of_several_threads_are_refused(start_cluster):
    with pytest.raises(ValueError, match='expected workers with one thread each .* found 2 in one'):
        Workers(cluster=start_cluster(threads=2).scheduler_address).size()


def test_what_is_asked_for_is_checked(tmp_path):
    assert Workers(3).size() == 3
    with pytest.raises(ValueError, match='expected at least 1 worker, got 0'):
        list(Workers(0).map(abs, [1]))
    with pytest.raises(ValueError, match='a number of workers or a cluster, got 2 and tcp://a:1'):
        Workers(2, 'tcp://a:1').size()
    pytest.importorskip('distributed')
    missing = str(tmp_path / 'scheduler.json')
    with pytest.raises(ValueError, match='expected the address of a Dask scheduler'):
        Workers(None, missing).size()
