"""Where the time of a training step goes: a trace for experts and shares by part for everyone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mmengine.device import get_device
from mmengine.model import BaseModel
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile, record_function

from ktda_mmseg.utils.files import atomic

from .flops import PARTS
from .steps import Step

BACKWARD = 'autograd::engine::evaluate_function'
TEACHER, TRANSFER = 'teacher', 'transfer losses'
OPTIMIZER, REST = 'optimizer', 'decoders and rest'
Shares = dict[str, tuple[float, float]]  # seconds forward and backward, by part


def profile_step(step: Step, trace: Path) -> Shares:
    """Run a training step, which ran before, under PyTorch's profiler, and write its trace.

    The JSON file is for chrome://tracing or https://ui.perfetto.dev. On a GPU the seconds are those
    of its kernels.
    """
    activities = [ProfilerActivity.CPU]
    if get_device() == 'cuda':
        activities.append(ProfilerActivity.CUDA)
    with _named_parts(step.model), profile(activities=activities) as profiler:
        with record_function('step'):
            step.run()
    with atomic(trace) as partial:
        profiler.export_chrome_trace(str(partial))
    return _shares(profiler.events())


@contextmanager
def _named_parts(model: BaseModel) -> Iterator[None]:
    """Mark the forward passes of the parts in the profile."""
    modules = dict(model.named_modules())
    parts = [(part, modules[name]) for name, part in PARTS.items() if name in modules]
    teacher = getattr(model, 'teacher', None)
    if teacher is not None:
        parts.append((TEACHER, teacher.backbone))
    if (transfer := getattr(model, 'transfer', None)) is not None:
        parts.append((TRANSFER, transfer))
    with ExitStack() as stack:
        for part, module in parts:
            ranges: list[record_function] = []

            def enter(*_: object, part: str = part, ranges: list = ranges) -> None:
                ranges.append(record_function(part))
                ranges[-1].__enter__()

            def leave(*_: object, ranges: list = ranges) -> None:
                ranges.pop().__exit__(None, None, None)

            stack.callback(module.register_forward_pre_hook(enter).remove)
            stack.callback(module.register_forward_hook(leave).remove)
        yield


def _shares(events: list[FunctionEvent]) -> Shares:
    parts = (*PARTS.values(), TEACHER, TRANSFER)
    forward, backward = dict.fromkeys(parts, 0.0), dict.fromkeys(parts, 0.0)
    ranges = [event for event in events if event.name in parts]
    for event in ranges:
        forward[event.name] += _seconds(event)
    # a backward operation has the sequence number of the forward operation it belongs to
    owner = {
        event.sequence_nr: part.name
        for event in events
        if event.sequence_nr >= 0 and not event.name.startswith(BACKWARD)
        for part in ranges
        if part.time_range.start <= event.time_range.start <= part.time_range.end
    }
    for event in events:
        if event.name.startswith(BACKWARD) and event.sequence_nr in owner:
            backward[owner[event.sequence_nr]] += _seconds(event)
    shares = {part: (forward[part], backward[part]) for part in parts if forward[part]}
    optimizer = sum(_seconds(event) for event in events if event.name.startswith('Optimizer.step'))
    total = next(_seconds(event) for event in events if event.name == 'step')
    shares[OPTIMIZER] = (optimizer, 0.0)
    shares[REST] = (total - sum(map(sum, shares.values())), 0.0)
    return shares


def _seconds(event: FunctionEvent) -> float:
    return (event.device_time_total or event.cpu_time_total) / 1e6


def format_shares(shares: Shares) -> str:
    """Say in one line how much of a step each part takes, forward and backward together."""
    total = sum(map(sum, shares.values()))
    parts = [f'{part} {100 * sum(seconds) / total:.1f} %' for part, seconds in shares.items()]
    return ', '.join(parts)
