"""One way to run work in parallel: threads of this process, processes, or the workers of a cluster.

A task may be repeated with any item. A command works in its own process, with a thread a core:
another takes seconds to import PyTorch, which pays for work of minutes.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import cloudpickle
import torch
from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from .claims import gpu
from .progress import POLL, progress

if TYPE_CHECKING:
    from distributed import Client

TRIES = 4  # how often work is begun whose workers die
Item = TypeVar('Item')
Result = TypeVar('Result')


@dataclass(frozen=True)
class Workers:
    """Who does the work of a command.

    Attributes:
        count (int | None): Processes of this machine, each with one thread and, where there are
            GPUs, one of them; 1 for this process alone. None for as many as there are GPUs, or
            this process with its threads. Default: None.
        cluster (str | None): The Dask cluster whose workers do it instead: the address of its
            scheduler, such as 'tcp://host:8786', or the path of its scheduler file. They see the
            files of this machine under the same paths. Default: None.
    """

    count: int | None = None
    cluster: str | None = None

    def size(self, threads: int | None = None) -> int:
        """Return the number of workers; of a cluster those that are there, at least one.

        ``threads`` are those of :meth:`map`.

        Raises:
            ImportError: If a cluster is named and `distributed` is not installed.
            OSError: If the cluster does not answer.
            ValueError: If the number is below 1, a cluster is named besides, there is no such
                scheduler file, or workers of the cluster have several threads.
        """
        if self == HERE and threads is not None:
            return threads
        if self.cluster is None:
            if self.count is not None and self.count < 1:
                raise ValueError(f'expected at least 1 worker, got {self.count}')
            return self.count or max(1, torch.cuda.device_count())
        if self.count is not None:
            raise ValueError(
                f'expected a number of workers or a cluster, got {self.count} and {self.cluster}'
            )
        client = _client(self.cluster)
        if not client.nthreads():
            print(f'{self.cluster}: waits for a worker', file=sys.stderr)
            client.wait_for_workers(1)
        counts = client.nthreads()
        if max(counts.values()) > 1:
            raise ValueError(
                f'{self.cluster}: expected workers with one thread each (dask worker --nthreads 1 '
                f'--nworkers N), found {max(counts.values())} in one'
            )
        return len(counts)

    def map(
        self,
        task: Callable[[Item], Result],
        items: Sequence[Item],
        *,
        threads: int | None = None,
        ahead: int | None = None,
        total: int | None = None,
        unit: str = '',
        done: Callable[[], int] | None = None,
    ) -> Iterator[Result]:
        """Do a task with each item, and show how far it is and the time left.

        What was in work when a worker died is done again.

        Args:
            task (Callable): What to do. It and the items can be pickled where there are workers.
            items (Sequence): With what.
            threads (int | None): Threads of this process that do it where no number of workers
                was asked for, for tasks that spend their time outside Python; None for tasks that
                have threads of their own or take a GPU. Default: None.
            ahead (int | None): Results a worker that may wait to be taken; None for any number.
                Default: None.
            total (int | None): What ``done`` comes to in the end; None for the number of items.
            unit (str): What is counted. Default: ''.
            done (Callable | None): Counts what is done; None counts finished items. Default: None.

        Yields:
            What the task returns, in the order of the items.

        Raises:
            OSError: If workers die again and again, or the scheduler has gone.
            Exception: What the task raises; items behind it may be done or not.
        """
        count = self.size(threads) if items else 1
        if self.cluster is None and (count == 1 or (self == HERE and threads is not None)):
            run = partial(_by_threads, task, items, count)
        else:
            client = None if self.cluster is None else _client(self.cluster)
            shared = _Shared(task, items, takes_gpu=threads is None)
            run = partial(_by_workers, shared, count, client)
        step = ahead * count if ahead else max(len(items), 1)
        with progress(len(items) if total is None else total, unit, done) as bar:
            for first in range(0, len(items), step):
                for result in run(range(first, min(first + step, len(items)))):
                    if done is None:
                        bar.update()
                    yield result


HERE = Workers()


class _Shared:
    """A task and its items, which a worker gets and reads once."""

    def __init__(self, task: Callable, items: Sequence, takes_gpu: bool) -> None:
        self.pickled, self.takes_gpu = cloudpickle.dumps((task, items)), takes_gpu
        self.folder, self.process = os.getcwd(), os.getpid()


_given: list[_Shared] = []  # in a process that joblib has started


def _by_threads(task: Callable, items: Sequence, count: int, chosen: range) -> Iterator:
    """Do some of the items in this process."""
    if count == 1:
        return (task(items[index]) for index in chosen)
    run = Parallel(count, backend='threading', return_as='generator', pre_dispatch='all')
    return run(delayed(_do)(task, items[index]) for index in chosen)


def _by_workers(shared: _Shared, count: int, client: Client | None, chosen: range) -> Iterator:
    """Do some of the items by Dask or local processes, and again what these had when one died."""
    finished = 0
    for left in reversed(range(TRIES)):
        rest = chosen[finished:]
        try:
            for result in (
                _by_processes(shared, count, rest)
                if client is None
                else _by_cluster(shared, client, rest)
            ):
                yield result
                finished += 1
            return
        except (TerminatedWorkerError, CancelledError) as error:
            if client is not None and client.status != 'running':
                raise OSError(
                    f'{client.scheduler.address}: expected the scheduler to stay until the work is '
                    'done, found it gone; start it and its workers, and repeat the command'
                ) from error
            if not left:
                raise _died() from error


def _by_processes(shared: _Shared, count: int, chosen: range) -> Iterator:
    """Do some of the items in processes of this machine, which get all of them when they start."""
    start = dict(initializer=_begin, initargs=(shared,), inner_max_num_threads=1)
    with parallel_config('loky', **start):
        run = Parallel(count, batch_size=1, return_as='generator')
    return run(delayed(_work)(None, index) for index in chosen)


def _by_cluster(shared: _Shared, client: Client, chosen: range) -> Iterator:
    """Do some of the items by all workers that a cluster has, or will have."""
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    try:
        client.wait_for_workers(1)
        # as bytes, since a worker that imports this package at once answers nobody meanwhile
        given = client.scatter(cloudpickle.dumps(shared), broadcast=True, hash=False)
        futures = deque(client.map(_work, [given] * len(chosen), chosen, pure=False))
        while futures:
            yield futures.popleft().result()
    except CommClosedError as error:  # one died while it was given them
        raise CancelledError(str(error)) from error
    except KilledWorker as error:  # Dask has tried it often
        raise _died() from error


def _died() -> OSError:
    return OSError(
        f'expected workers to live, found that they died {TRIES} times, perhaps since memory ran '
        'out: take fewer of them'
    )


def _begin(shared: _Shared) -> None:
    """Begin as a process of :class:`Workers`, and end with the one that started it."""
    _given[:] = [shared]

    def end_with_parent() -> None:
        while os.getppid() == shared.process:
            time.sleep(POLL)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _work(given: bytes | None, index: int) -> Any:  # noqa: ANN401
    """Do one item in a worker of a cluster, which is given it, or in a local one."""
    shared = _given[0] if given is None else _of_cluster(given)
    number = gpu() if shared.takes_gpu else None
    if number is not None:
        torch.cuda.set_device(number)
    task, items = _read(shared)
    return _do(task, items[index])


def _do(task: Callable, item: object) -> Any:  # noqa: ANN401
    try:
        return task(item)
    except Exception as error:
        # joblib and pickle lose the traceback, which tells errors of the user from bugs
        last = traceback.extract_tb(error.__traceback__)[-1]
        error.raised_in = (last.filename, last.line or '')  # type: ignore[attr-defined]
        raise


@lru_cache(1)
def _of_cluster(given: bytes) -> _Shared:
    return pickle.loads(given)


@lru_cache(1)
def _read(shared: _Shared) -> tuple[Callable, Sequence]:
    os.chdir(shared.folder)
    return pickle.loads(shared.pickled)


@cache
def _client(cluster: str) -> Client:
    """Connect to the scheduler of a cluster, once."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            f'--cluster needs distributed: install ktda_mmseg[cluster] ({error})', name=error.name
        ) from None
    if '://' in cluster:
        return Client(cluster, set_as_default=False)
    if not Path(cluster).is_file():
        raise ValueError(
            f'{cluster}: expected the address of a Dask scheduler, such as tcp://host:8786, or its '
            'scheduler file, found neither'
        )
    return Client(scheduler_file=cluster, set_as_default=False)
