"""Steps of several configs in turn, each in a process of its own, so that noise meets all alike."""

import logging
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from mmengine.device import get_device
from mmengine.logging import MMLogger, print_log
from mmengine.utils import track_iter_progress

from ktda_mmseg.engine.allocator import reduce_page_faults
from ktda_mmseg.utils.compiling import compile_parts

from .flops import count_forward, count_step
from .machine import synchronise
from .steps import COMPILE, GRAPHS, PLAIN_MALLOC, Step, Variant, inference_step, training_step

Mode = Literal['train', 'infer']
START = 'spawn'  # of processes: a GPU cannot be used from a forked one
STEPS = {'train': training_step, 'infer': inference_step}
Answer = tuple[float, dict[str, float], int]  # seconds, losses and bytes at the peak so far
_prepared: Callable[[], Any]  # what a process of its own runs


@dataclass
class Measurement:
    """What was measured of one variant."""

    label: str
    images: int  # a step
    size: tuple[int, int]  # height and width in pixels
    flops: int  # floating-point operations of a step
    forward_flops: dict[str, int]  # those of a forward pass by part
    seconds: list[float] = field(default_factory=list)  # of each timed step
    losses: list[dict[str, float]] = field(default_factory=list)  # of warm-up steps, too
    # bytes at the peak: on a GPU what PyTorch held there, on a CPU what the process held more than
    # before the model was built
    memory: int = 0

    @property
    def median(self) -> float:
        """Median seconds of a step."""
        return statistics.median(self.seconds)


def measure(
    variants: Sequence[Variant],
    mode: Mode,
    batch_size: int,
    size: tuple[int, int],
    warm_up: int = 1,
    repeats: int = 5,
) -> list[Measurement]:
    """Time steps of all variants in turn, A B C, A B C, ...; the first is what others are held to.

    Raises RuntimeError if a variant's process is killed before all have taken a timed step.
    """
    results, shape = [], (mode, batch_size, size)
    for variant in variants:
        # in a process that ends: what counting leaves in memory would add to the peak
        with own_process(variant.label, _counting, variant, *shape) as count:
            results.append(Measurement(variant.label, batch_size, size, *count()))
    with ExitStack() as stack:
        runs = [
            stack.enter_context(own_process(variant.label, _timing, variant, *shape))
            for variant in variants
        ]
        take_turns(runs, results, warm_up, repeats)
    return results


def take_turns(
    runs: Sequence[Callable[[], Answer]],
    results: Sequence[Measurement],
    warm_up: int,
    repeats: int,
) -> None:
    """Run one after another, again and again, and note what each answers.

    If a process ends after all have taken a timed step, that is logged, and the results are those
    of the turns before.
    """
    for turn in track_iter_progress(range(warm_up + repeats)):
        try:
            answers = [run() for run in runs]
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


@contextmanager
def own_process(
    label: str, prepare: Callable[..., Callable[[], Any]], *args: object
) -> Iterator[Callable[[], Any]]:
    """Prepare a function in a process of its own, and yield one that runs it there.

    What is raised there is raised here; RuntimeError if the process is killed.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context(START)) as pool:

        def there(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
            try:
                return pool.submit(function, *arguments).result()
            except BrokenProcessPool:
                raise RuntimeError(
                    f'{label}: its process was killed, most often since memory ran out: '
                    'measure fewer configs at once, or smaller batches'
                ) from None

        there(_prepare, prepare, *args)
        yield lambda: there(_run)


def _prepare(prepare: Callable[..., Callable[[], Any]], *args: object) -> None:
    global _prepared
    MMLogger.get_current_instance().setLevel('WARNING')
    _prepared = prepare(*args)


def _run() -> Any:  # noqa: ANN401
    return _prepared()


def _counting(
    variant: Variant, mode: Mode, batch_size: int, size: tuple[int, int]
) -> Callable[[], tuple[int, dict[str, int]]]:
    step = STEPS[mode](variant, batch_size, size)
    return lambda: (count_step(step.run), count_forward(step.model, step.batch))


def _timing(
    variant: Variant, mode: Mode, batch_size: int, size: tuple[int, int]
) -> Callable[[], Answer]:
    if PLAIN_MALLOC not in variant.flags:
        reduce_page_faults()
    before = _resident_memory('VmRSS')
    step: Step = STEPS[mode](variant, batch_size, size)
    graphs = GRAPHS in variant.flags
    if graphs or COMPILE in variant.flags:
        compile_parts(step.model, mode='reduce-overhead' if graphs else None)

    def run() -> Answer:
        if graphs:
            torch.compiler.cudagraph_mark_step_begin()
        synchronise()
        start = time.perf_counter()
        losses = step.run()
        synchronise()
        seconds = time.perf_counter() - start
        if get_device() == 'cuda':
            return seconds, losses, torch.cuda.max_memory_allocated()
        return seconds, losses, _resident_memory('VmHWM') - before

    return run


def _resident_memory(field: str) -> int:
    # getrusage's peak is inherited from the parent process
    status = Path('/proc/self/status').read_text()
    return int(status.split(f'{field}:')[1].split()[0]) * 1024
