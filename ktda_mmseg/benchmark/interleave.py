"""Candidates that run in turn, each in a process of its own, so that noise meets all alike."""

import multiprocessing
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import torch
from mmengine.device import get_device
from mmengine.logging import MMLogger
from mmengine.utils import track_iter_progress

from ktda_mmseg.engine.allocator import reduce_page_faults

from .candidates import PLAIN_MALLOC, Candidate
from .flops import count_forward, count_step
from .steps import Step, compile_model, inference_step, training_step

Mode = Literal['train', 'infer']
STEPS = {'train': training_step, 'infer': inference_step}


@dataclass
class Measurement:
    """What was measured of one candidate.

    Attributes:
        label (str): Its name.
        images (int): Images a step.
        size (tuple[int, int]): Height and width in pixels.
        flops (int): Floating-point operations of a step.
        forward_flops (dict[str, int]): Those of a forward pass by part.
        seconds (list[float]): Duration of each timed step.
        losses (list[dict[str, float]]): Losses of each step, warm-up included.
        memory (int): Bytes at the peak: on a GPU what PyTorch held there, on a CPU what the process
            held more than before the model was built.
    """

    label: str
    images: int
    size: tuple[int, int]
    flops: int
    forward_flops: dict[str, int]
    seconds: list[float] = field(default_factory=list)
    losses: list[dict[str, float]] = field(default_factory=list)
    memory: int = 0

    @property
    def median(self) -> float:
        """float: Median seconds of a step."""
        return statistics.median(self.seconds)


@dataclass
class Worker:
    """A candidate's process.

    Attributes:
        label (str): The candidate's name.
        process (BaseProcess): The process.
        pipe (Connection): Our end of a pipe to it.
    """

    label: str
    process: BaseProcess
    pipe: Connection

    def ask(self, go_on: bool) -> Any:  # noqa: ANN401
        """Have it take a step or, when all are taken, sum up, and wait for what it says.

        Args:
            go_on (bool): Whether it is to take a step.

        Returns:
            Any: What it answers.

        Raises:
            RuntimeError: If it ended instead, with what is known of why.
        """
        try:
            self.pipe.send(go_on)
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
        if self.process.exitcode == -signal.SIGKILL:
            raise RuntimeError(
                f'{self.label}: its process was killed, most often since memory ran out: '
                'measure fewer configs at once, or smaller batches'
            )
        raise RuntimeError(f'{self.label}: its process failed, see above')


def measure(
    candidates: Sequence[Candidate],
    mode: Mode,
    batch_size: int,
    size: tuple[int, int],
    warm_up: int = 1,
    repeats: int = 5,
) -> list[Measurement]:
    """Time steps of all candidates in turn: A B C, A B C, ...

    Args:
        candidates (Sequence[Candidate]): The first is what the others are compared with.
        mode (str): 'train' or 'infer'.
        batch_size (int): Images a step.
        size (tuple[int, int]): Height and width in pixels.
        warm_up (int): Untimed steps of each.
        repeats (int): Timed steps of each.

    Returns:
        list[Measurement]: One a candidate.

    Raises:
        RuntimeError: If a candidate's process fails or is killed.
    """
    with ExitStack() as stack:
        results = []
        for candidate in candidates:
            # in a process that ends: what counting leaves in memory would add to the peak
            with _worker(_count, candidate, mode, batch_size, size) as worker:
                counts = worker.ask(True)
            results.append(Measurement(candidate.label, batch_size, size, *counts))
        workers = [
            stack.enter_context(_worker(_serve, candidate, mode, batch_size, size))
            for candidate in candidates
        ]
        for turn in track_iter_progress(range(warm_up + repeats)):
            for worker, result in zip(workers, results, strict=True):
                seconds, losses = worker.ask(True)
                result.losses.append(losses)
                if turn >= warm_up:
                    result.seconds.append(seconds)
        for worker, result in zip(workers, results, strict=True):
            result.memory = worker.ask(False)
    return results


@contextmanager
def _worker(
    serve: Callable[..., None],
    candidate: Candidate,
    mode: Mode,
    batch_size: int,
    size: tuple[int, int],
) -> Iterator[Worker]:
    # a GPU cannot be used from a forked process
    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    process = context.Process(
        target=serve, args=(theirs, candidate, mode, batch_size, size), daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield Worker(candidate.label, process, ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


def _count(
    pipe: Connection, candidate: Candidate, mode: Mode, batch_size: int, size: tuple[int, int]
) -> None:
    step = _prepare(candidate, mode, batch_size, size)
    pipe.recv()
    pipe.send((count_step(step.run), count_forward(step.model, step.batch)))


def _serve(
    pipe: Connection, candidate: Candidate, mode: Mode, batch_size: int, size: tuple[int, int]
) -> None:
    if PLAIN_MALLOC not in candidate.flags:
        reduce_page_faults()
    before = _resident_memory('VmRSS')
    step = _prepare(candidate, mode, batch_size, size)
    compile_model(candidate, step.model)
    while pipe.recv():
        _synchronise()
        start = time.perf_counter()
        losses = step.run()
        _synchronise()
        pipe.send((time.perf_counter() - start, losses))
    on_gpu = get_device() == 'cuda'
    pipe.send(torch.cuda.max_memory_allocated() if on_gpu else _resident_memory('VmHWM') - before)


def _prepare(candidate: Candidate, mode: Mode, batch_size: int, size: tuple[int, int]) -> Step:
    MMLogger.get_current_instance().setLevel('WARNING')
    return STEPS[mode](candidate, batch_size, size)


def _synchronise() -> None:
    if get_device() == 'cuda':
        torch.cuda.synchronize()


def _resident_memory(field: str) -> int:
    # getrusage's peak is inherited from the parent process
    status = Path('/proc/self/status').read_text()
    return int(status.split(f'{field}:')[1].split()[0]) * 1024
