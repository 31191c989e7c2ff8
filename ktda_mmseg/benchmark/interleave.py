"""Candidates that run in turn, each in a process of its own, so that noise meets all alike."""

import logging
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import torch
from mmengine.device import get_device
from mmengine.logging import MMLogger, print_log
from mmengine.utils import track_iter_progress

from ktda_mmseg.engine.allocator import reduce_page_faults

from .candidates import PLAIN_MALLOC, Candidate
from .flops import count_forward, count_step
from .steps import Step, compile_model, inference_step, training_step
from .worker import Worker, started

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
        RuntimeError: If a candidate's process ends before all have taken a timed step.
    """
    results, shape = [], (mode, batch_size, size)
    for candidate in candidates:
        # in a process that ends: what counting leaves in memory would add to the peak
        with started(candidate.label, _count, candidate, *shape) as worker:
            results.append(Measurement(candidate.label, batch_size, size, *worker.ask()))
    with ExitStack() as stack:
        workers = [
            stack.enter_context(started(candidate.label, _serve, candidate, *shape))
            for candidate in candidates
        ]
        take_turns(workers, results, warm_up, repeats)
    return results


def take_turns(
    workers: Sequence[Worker], results: Sequence[Measurement], warm_up: int, repeats: int
) -> None:
    """Have each worker take a step, one after another, again and again.

    Args:
        workers (Sequence[Worker]): Each answers with seconds, losses and bytes at the peak so far.
        results (Sequence[Measurement]): One a worker; they are filled with what it answers.
        warm_up (int): Untimed turns.
        repeats (int): Timed turns.

    Raises:
        RuntimeError: If a process ends before all have taken a timed step. If one ends later, that
            is logged, and the results are those of the turns before.
    """
    for turn in track_iter_progress(range(warm_up + repeats)):
        try:
            answers = [worker.ask() for worker in workers]
        except RuntimeError as error:
            if turn <= warm_up:
                raise
            kept = f'{error}; the {turn - warm_up} of {repeats} timed turns before are kept'
            print_log(kept, 'current', logging.WARNING)
            return
        for result, (seconds, losses, memory) in zip(results, answers, strict=True):
            result.losses.append(losses)
            result.memory = memory
            if turn >= warm_up:
                result.seconds.append(seconds)


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
    on_gpu = get_device() == 'cuda'
    while True:
        pipe.recv()
        _synchronise()
        start = time.perf_counter()
        losses = step.run()
        _synchronise()
        seconds = time.perf_counter() - start
        peak = torch.cuda.max_memory_allocated() if on_gpu else _resident_memory('VmHWM') - before
        pipe.send((seconds, losses, peak))


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
