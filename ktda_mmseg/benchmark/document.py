"""`docs/performance.md` from the measurements beside it, so that its figures are what was run."""

import json
from collections.abc import Sequence
from pathlib import Path

from ktda_mmseg.utils.tables import markdown_table

from .footprint import memory_section
from .interleave import Measurement
from .scaling import scaling_section
from .scenes import SceneSpeed
from .table import describe, largest_difference, speed_up, with_same_losses

COLUMNS = ('config', 'step', 'range', 'images/s', 'times as fast', 'memory', 'GFLOP')


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
    rows = [COLUMNS, *(_row(first, result) for result in results)]
    return '\n'.join(
        [
            f'\n## {content["title"]}\n',
            f'Batches of {first.images} at {width}x{height} pixels, {len(first.seconds)} steps of '
            f'each in turn after {len(first.losses) - len(first.seconds)} to warm up. '
            f'{describe(content)} Measurements: `{path.name}`.\n',
            markdown_table(rows),
            *_losses(results),
        ]
    )


def _row(first: Measurement, result: Measurement) -> tuple[str, ...]:
    return (
        f'`{result.label}`',
        f'{result.median:.2f} s',
        f'{min(result.seconds):.2f}-{max(result.seconds):.2f}',
        f'{result.images / result.median:.3g}',
        f'{speed_up(first, result):.2f}',
        f'{result.memory / 2**30:.1f} GiB',
        f'{result.flops / 1e9:,.0f}',
    )


def _losses(results: Sequence[Measurement]) -> list[str]:
    first, others = results[0], with_same_losses(results)
    if not others or not first.losses[0]:
        return []
    lines = [f'`{other.label}` {largest_difference(first, other):.1e}' for other in others]
    return [f'\nLargest relative difference of a loss from the first: {", ".join(lines)}.']
