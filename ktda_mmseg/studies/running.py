"""Running the cells of a study, each in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

import torch
from tqdm import tqdm

from .cells import ERROR, Cell
from .claiming import claim

POLL = 1.0  # seconds between two looks at what runs
PATIENCE = 10.0  # seconds that a process has to end
CONSOLE = 'console.log'
COMMAND = (sys.executable, '-m', 'ktda_mmseg.studies.training')
THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS')


@dataclass
class Job:
    """A cell that runs.

    Attributes:
        cell (Cell): The cell.
        slot (int): Which of the places to run at once it has.
        process (Popen): Its process.
        steps (int): Iterations that the progress bar knows of.
    """

    cell: Cell
    slot: int
    process: subprocess.Popen
    steps: int


def default_jobs() -> int:
    """Return how many cells to run at once: one a GPU, else one."""
    return max(1, torch.cuda.device_count())


def run_cells(cells: Sequence[Cell], jobs: int) -> list[str]:
    """Run cells, a few at once; cells that other processes have are left to them.

    A cell that fails is noted, and the others go on. Ctrl-C and SIGTERM stop all that runs; a
    stopped cell goes on from its last checkpoint when it is run again.

    Args:
        cells (Sequence[Cell]): Cells that are not done, in the order to start them.
        jobs (int): Cells at once, each on its share of the cores, or on one GPU.

    Returns:
        list[str]: What failed, one sentence each.
    """
    waiting, running, failures = list(cells), list[Job](), list[str]()
    done = sum(cell.steps_done for cell in cells)
    total = sum(cell.steps for cell in cells)
    with (
        tqdm(total=total, initial=done, unit='it', mininterval=_pause()) as bar,
        _stopped_at_the_end(running),
    ):
        while True:
            for slot in sorted(set(range(jobs)) - {job.slot for job in running}):
                if (taken := _take(waiting, bar)) is None:
                    break
                cell, lock = taken
                with lock:
                    running.append(Job(cell, slot, _start(cell, lock, slot, jobs), cell.steps_done))
                _say(bar, f'{cell.label}: started')
            if not running:
                for cell in waiting:
                    _say(bar, f'{cell.label}: left to another process, which runs it')
                return failures
            time.sleep(POLL)
            for job in list(running):
                _advance(job, bar)
                if job.process.poll() is not None:
                    running.remove(job)
                    failures += _outcome(job, bar)


def _pause() -> float:
    """Return the seconds between two states of the progress bar; a log wants few."""
    return 0.5 if sys.stderr.isatty() else 60


def _say(bar: tqdm, text: str) -> None:
    bar.write(text, file=sys.stderr)


def _take(waiting: list[Cell], bar: tqdm) -> tuple[Cell, IO[str]] | None:
    """Claim the first cell that no other process has, and drop those that others have done."""
    for cell in list(waiting):
        lock = claim(cell.folder)
        if lock is None:
            continue
        waiting.remove(cell)
        # only now: another process may just have ended it
        if not cell.result.is_file():
            return cell, lock
        lock.close()
        bar.total -= cell.steps
        _say(bar, f'{cell.label}: done by another process')
    return None


def _start(cell: Cell, lock: IO[str], slot: int, jobs: int) -> subprocess.Popen:
    setting = cell.setting
    command = [
        *(*COMMAND, str(setting.study.path), setting.dataset, setting.row.name),
        *(str(cell.seed), str(lock.fileno())),
    ]
    threads = str(max(1, len(os.sched_getaffinity(0)) // jobs))
    environment = {**os.environ, **dict.fromkeys(THREADS, threads)}
    if torch.cuda.device_count():
        known = os.environ.get('CUDA_VISIBLE_DEVICES') or ','.join(
            map(str, range(torch.cuda.device_count()))
        )
        devices = known.split(',')
        environment['CUDA_VISIBLE_DEVICES'] = devices[slot % len(devices)]
    with (cell.folder / CONSOLE).open('a') as console:
        # it reads stdin, and ends when this process is gone; Ctrl-C reaches this process only
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )


def _advance(job: Job, bar: tqdm) -> None:
    steps = job.cell.steps_done
    bar.update(steps - job.steps)
    job.steps = steps


def _outcome(job: Job, bar: tqdm) -> list[str]:
    cell, code = job.cell, job.process.returncode
    if code == 0 and cell.result.is_file():
        _say(bar, f'{cell.label}: done')
        return []
    console = cell.folder / CONSOLE
    lines = console.read_text(errors='replace').splitlines()
    said = [line for line in lines if line.startswith('error: ')] or lines or ['']
    failure = f'{cell.label}: {said[-1].removeprefix("error: ")} (exit code {code}, see {console})'
    (cell.folder / ERROR).write_text(failure)
    _say(bar, f'FAILED {failure}')
    return [failure]


@contextmanager
def _stopped_at_the_end(running: list[Job]) -> Iterator[None]:
    """Stop what still runs when the block ends, also by SIGTERM."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        for job in running:
            # with its workers; it may just have ended
            with suppress(ProcessLookupError):
                os.killpg(job.process.pid, signal.SIGTERM)
        for job in running:
            try:
                job.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(job.process.pid, signal.SIGKILL)
