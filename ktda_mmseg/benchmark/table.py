"""Measurements as a table for people and as JSON for programs."""

import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device

from ktda_mmseg.utils import files as fileio
from ktda_mmseg.utils.tables import aligned

from .interleave import Measurement

HEADER = ('config', 'median', 'range', 'images/s', 'ratio', 'memory', 'GFLOP', 'TFLOP/s')


def machine() -> dict[str, str]:
    """Tell where a measurement was made, with versions and date."""
    device = torch.cuda.get_device_name() if get_device() == 'cuda' else _processor()
    return {
        'device': device,
        'threads': str(torch.get_num_threads()),
        'torch': torch.__version__,
        'python': platform.python_version(),
        'date': date.today().isoformat(),
    }


def describe(content: dict[str, Any]) -> str:
    """Say in a sentence on which machine the content of a JSON file was measured."""
    at = content['machine']
    return (
        f'{at["device"]}, {at["threads"]} threads, torch {at["torch"]}, Python {at["python"]}, '
        f'{at["date"]}.'
    )


def format_table(results: Sequence[Measurement]) -> str:
    """Write one line a candidate; the ratio tells how many times faster than the first it is."""
    rows = [list(HEADER)]
    for result in results:
        rows.append(
            [
                result.label,
                f'{1000 * result.median:.0f} ms',
                f'{1000 * min(result.seconds):.0f}-{1000 * max(result.seconds):.0f}',
                f'{result.images / result.median:.2f}',
                f'{speed_up(results[0], result):.2f}',
                f'{result.memory / 2**30:.2f} GiB',
                f'{result.flops / 1e9:.0f}',
                f'{result.flops / result.median / 1e12:.3f}',
            ]
        )
    parts = [f'{result.label}: {_shares(result)}' for result in results]
    return '\n'.join([aligned(rows), 'forward pass, share of operations:', *parts])


def speed_up(reference: Measurement, result: Measurement) -> float:
    """Return the median of the ratios of steps that ran next to each other."""
    return statistics.median(
        theirs / ours for theirs, ours in zip(reference.seconds, result.seconds, strict=True)
    )


def largest_difference(reference: Measurement, result: Measurement) -> float:
    """Return the largest relative difference between losses of the same steps."""
    return max(
        abs(theirs[name] - ours[name]) / max(abs(theirs[name]), 1e-12)
        for theirs, ours in zip(reference.losses, result.losses, strict=True)
        for name in theirs
    )


def with_same_losses(results: Sequence[Measurement]) -> list[Measurement]:
    """Return the candidates after the first whose losses can be compared with its losses."""
    first, *others = results
    return [other for other in others if first.losses[0].keys() == other.losses[0].keys()]


def format_losses(results: Sequence[Measurement]) -> str:
    """Say how far the losses of each candidate that has the first one's are from them."""
    steps = len(results[0].losses)
    lines = [
        f'{result.label}: losses of {steps} steps within '
        f'{largest_difference(results[0], result):.1e} (relative) of {results[0].label}'
        for result in with_same_losses(results)
    ]
    return '\n'.join(lines)


def write_json(results: Sequence[Measurement], path: Path, title: str = '') -> None:
    """Write all measurements, what they show and the machine they were made on."""
    content = {
        'title': title,
        'machine': machine(),
        'results': [asdict(result) for result in results],
    }
    fileio.write_json(path, content, indent=1)


def _shares(result: Measurement) -> str:
    total = sum(result.forward_flops.values())
    parts = sorted(result.forward_flops.items(), key=lambda item: -item[1])
    return ', '.join(f'{name} {100 * count / total:.1f} %' for name, count in parts)


def _processor() -> str:
    info = Path('/proc/cpuinfo')
    names = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(': ')[1] for line in names if line.startswith('model name')]
    return models[0] if models else platform.processor()
