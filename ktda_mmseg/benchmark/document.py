"""Measurements as a table, as JSON, and as ``docs/performance.md``."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from mmengine.device import get_device

from ktda_mmseg.utils.files import write_json
from ktda_mmseg.utils.tables import aligned, markdown_table

from .loader import LoaderSpeed
from .machine import described, machine, matrix_products
from .memory import memory_section
from .scaling import scaling_section
from .scene_speed import SceneSpeed
from .timing import Measurement

HEADER = ('config', 'median', 'range', 'images/s', 'ratio', 'memory', 'GFLOP', 'TFLOP/s')
COLUMNS = ('config', 'step', 'range', 'images/s', 'times as fast', 'memory', 'GFLOP')


def format_table(results: Sequence[Measurement]) -> str:
    """Write a line a variant; the ratio tells how many times faster than the first it is."""
    rows: list[Sequence[str]] = [HEADER]
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


def _shares(result: Measurement) -> str:
    total = sum(result.forward_flops.values())
    parts = sorted(result.forward_flops.items(), key=lambda item: -item[1])
    return ', '.join(f'{name} {100 * count / total:.1f} %' for name, count in parts)


def speed_up(reference: Measurement, result: Measurement) -> float:
    """Return the median of the ratios of steps that ran next to each other."""
    return statistics.median(
        theirs / ours for theirs, ours in zip(reference.seconds, result.seconds, strict=True)
    )


def loss_differences(results: Sequence[Measurement]) -> list[tuple[str, float]]:
    """Return labels and the largest relative difference of a loss from the first's in a step.

    Only of those that have the losses that the first has.
    """
    first, *others = results
    return [
        (
            other.label,
            max(
                abs(theirs[name] - ours[name]) / max(abs(theirs[name]), 1e-12)
                for theirs, ours in zip(first.losses, other.losses, strict=True)
                for name in theirs
            ),
        )
        for other in others
        if first.losses[0] and first.losses[0].keys() == other.losses[0].keys()
    ]


def format_losses(results: Sequence[Measurement]) -> str:
    """Say how far the losses of each variant that has the first one's are from them."""
    return '\n'.join(
        f'{label}: losses of {len(results[0].losses)} steps within {difference:.1e} (relative) of '
        f'{results[0].label}'
        for label, difference in loss_differences(results)
    )


def write_measurements(
    results: Sequence[Measurement],
    path: Path,
    title: str = '',
    loaders: Sequence[LoaderSpeed] = (),
) -> None:
    """Write all measurements, what they show and the machine they were made on, as JSON.

    On a GPU also how fast its matrix products are, which tells how well steps use it.
    """
    content = dict(title=title, machine=machine(), results=[asdict(result) for result in results])
    if loaders:  # one a result
        content['loaders'] = [loader._asdict() for loader in loaders]
    if get_device() == 'cuda':
        content['products'] = matrix_products()
    write_json(path, content, indent=1)


def render(folder: Path) -> str:
    """Write the text, with a section a file of measurements.

    Args:
        folder (Path): It holds ``introduction.md``, which comes first, ``*.json`` that
            ``benchmark.py`` wrote, ``memory/*.json`` of ``memory.py``, ``scaling/*.json`` of
            ``scaling.py``, and ``scenes/*.json`` of ``benchmark_scene.py``.

    Returns:
        str: Markdown.
    """
    sections = [
        *map(_section, sorted(folder.glob('*.json'))),
        *map(memory_section, sorted(folder.glob('memory/*.json'))),
        *map(scaling_section, sorted(folder.glob('scaling/*.json'))),
        *map(SceneSpeed.section, sorted(folder.glob('scenes/*.json'))),
    ]
    return '\n'.join([(folder / 'introduction.md').read_text().rstrip(), *sections]) + '\n'


def _section(path: Path) -> str:
    content = json.loads(path.read_text())
    results = [Measurement(**result) for result in content['results']]
    first = results[0]
    height, width = first.size
    parts = [
        f'\n## {content["title"]}\n',
        f'Batches of {first.images} at {width}x{height} pixels, {len(first.seconds)} steps of '
        f'each in turn after {len(first.losses) - len(first.seconds)} to warm up. '
        f'{described(content)} Measurements: `{path.name}`.\n',
        markdown_table([COLUMNS, *(_row(first, result) for result in results)]),
    ]
    differences = loss_differences(results)
    for result, loader in zip(results, content.get('loaders', ()), strict=False):
        parts.append(f'\n{LoaderSpeed(**loader).compared_with(result)}.')
    if products := content.get('products'):
        parts.append(f'\n{_utilisation(results, products)}')
    if differences:
        listed = ', '.join(f'`{label}` {found:.1e}' for label, found in differences)
        parts.append(f'\nLargest relative difference of a loss from the first: {listed}.')
    return '\n'.join(parts)


def _utilisation(results: Sequence[Measurement], products: Mapping[str, float]) -> str:
    """Say which share of the speed of matrix products steps reach."""
    reached = ', '.join(f'{speed / 1e12:.0f} in {name}' for name, speed in products.items())
    shares = []
    for result in results:
        precision = next((name for name in products if f'+{name}' in result.label), 'fp32')
        share = result.flops / result.median / products[precision]
        shares.append(f'`{result.label}` {100 * share:.0f} %')
    return (
        f'Products of large matrices reach {reached} TFLOP/s; of that in their precision, steps '
        f'reach: {", ".join(shares)}.'
    )


def _row(first: Measurement, result: Measurement) -> tuple[str, ...]:
    factor, digits, unit = (1, 2, 's') if result.median >= 0.1 else (1000, 1, 'ms')
    median, *ends = (factor * s for s in (result.median, min(result.seconds), max(result.seconds)))
    return (
        f'`{result.label}`',
        f'{median:.{digits}f} {unit}',
        '-'.join(f'{end:.{digits}f}' for end in ends),
        f'{result.images / result.median:.3g}',
        f'{speed_up(first, result):.2f}',
        f'{result.memory / 2**30:.1f} GiB',
        f'{result.flops / 1e9:,.0f}',
    )
