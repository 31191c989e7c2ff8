"""How much of the way from a student alone to its frozen teacher the rows of a study go.

A student alone stands at 0 %, the frozen teacher with the same head at 100 %: in mIoU on the test
split, and by level in linear CKA with the teacher, where the teacher stands at 1.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ktda_mmseg.studies import Study
from ktda_mmseg.studies.cells import RESULTS
from ktda_mmseg.studies.statistics import Estimate, estimate
from ktda_mmseg.studies.summary import Summary, summarise
from ktda_mmseg.utils.files import write_atomic
from ktda_mmseg.utils.tables import markdown_table

from .cells import read
from .figures import save

FIGURE, TABLE = 'way.png', 'way.md'
MEASURE = 'backbone.cka'


class Way(NamedTuple):
    """What a row reaches.

    Attributes:
        title (str): Of the row.
        reached (list[Estimate]): Linear CKA of the student's own levels with the teacher's, and
            last the mIoU in percent; over the seeds.
        gone (list[Estimate]): The same as percent of the way, over the seeds that the row and both
            ends have.
    """

    title: str
    reached: list[Estimate]
    gone: list[Estimate]


def write_way(study: Study, dataset: str, rows: Sequence[str]) -> Path:
    """Write ``way.png`` and ``way.md`` among the results of a data set, from what is kept there.

    Args:
        study (Study): The study.
        dataset (str): One of its data sets.
        rows (Sequence[str]): Rows, from the student alone to the frozen teacher with the head.

    Returns:
        Path: Folder that holds them.

    Raises:
        ValueError: If the study has no such row, or no cell of it was compared with the teacher.
    """
    found = ways(study, dataset, rows)
    folder = RESULTS / study.name / dataset
    save(draw_way(found), folder / FIGURE)
    write_atomic(folder / TABLE, table(found).encode())
    return folder


def ways(study: Study, dataset: str, rows: Sequence[str]) -> list[Way]:
    """Measure the way of each row; arguments and errors are those of :func:`write_way`."""
    summaries, kept = summarise(study, RESULTS / study.name)[dataset], read(study, dataset)
    reached = {row: _reached(summaries.get(row), kept.get(row, {})) for row in rows}
    for row, seeds in reached.items():
        if not seeds:
            raise ValueError(
                f'{study.path}: rows: {row}: expected results on {dataset} that were compared with '
                'the teacher, found none; --teacher compares them'
            )
    start, end = reached[rows[0]], reached[rows[-1]]
    found = []
    for row, seeds in reached.items():
        shared = sorted(seeds.keys() & start.keys() & end.keys())
        gone = [100 * (seeds[i] - start[i]) / (end[i] - start[i]) for i in shared]
        places = len(next(iter(seeds.values())))
        over = _over_seeds(seeds.values(), places), _over_seeds(gone, places)
        found.append(Way(summaries[row].row.title, *over))
    return found


def table(found: Sequence[Way]) -> str:
    """Write ways as a Markdown table: what is reached, mean ± std, and percent of the way."""
    depth = len(found[0].reached) - 1
    header = ['row', *(f'CKA, level {level}' for level in range(depth)), 'mIoU, %']
    lines = [header]
    for way in found:
        digits = [3] * depth + [2]
        cells = [
            f'{_mean(reached, places)} ({gone.mean:.0f} %)'
            for reached, gone, places in zip(way.reached, way.gone, digits, strict=True)
        ]
        lines.append([way.title, *cells])
    return markdown_table(lines) + '\n'


def _mean(reached: Estimate, digits: int) -> str:
    std = '' if np.isnan(reached.std) else f' ± {reached.std:.{digits}f}'
    return f'{reached.mean:.{digits}f}{std}'


def draw_way(found: Sequence[Way]) -> Figure:
    """Draw what rows reach by level, and how much of the way that is, with 95 % intervals.

    Args:
        found (Sequence[Way]): Rows, from the student alone to the frozen teacher with the head.
    """
    figure = Figure(figsize=(11, 4.2), layout='constrained')
    left, right = figure.subplots(1, 2)
    depth = len(found[0].reached) - 1
    width = 0.8 / max(len(found) - 2, 1)
    for number, way in enumerate(found):
        *levels, miou = way.reached
        style = dict(color=f'C{number}', capsize=3)
        label = f'{way.title}: {miou.mean:.1f}'
        left.errorbar(range(depth), *_bars(levels), marker='o', label=label, **style)
        if 0 < number < len(found) - 1:
            places = np.arange(depth + 1) + (number - 1) * width - 0.4 + width / 2
            means, errors = _bars(way.gone)
            right.bar(places, means, width, yerr=errors, **style)
    names = [f'level {level}' for level in range(depth)]
    left.set_xticks(range(depth), names)
    left.set(title='Linear CKA with the teacher', ylim=(0, 1.05))
    right.set_xticks(range(depth + 1), [*names, 'mIoU'])
    right.set(title=f'Way from "{found[0].title}" to "{found[-1].title}"', ylabel='%')
    right.axhline(0, color='black', linewidth=0.8)
    for axis in (left, right):
        axis.grid(axis='y', alpha=0.3)
    figure.legend(
        *left.get_legend_handles_labels(),
        loc='outside lower center',
        ncols=3,
        title='mIoU in % on the test split',
    )
    return figure


def _bars(estimates: Sequence[Estimate]) -> tuple[list[float], list[float]]:
    """Return means and half the widths of their intervals, 0 where a single seed has none."""
    widths = [0 if np.isnan(x.high) else x.high - x.mean for x in estimates]
    return [x.mean for x in estimates], widths


def _reached(summary: Summary | None, kept: dict[str, dict]) -> dict[int, np.ndarray]:
    """Join similarity and mIoU, by seed, where both are of the same config."""
    return {
        seed: np.array([*kept[str(seed)]['similarity'][MEASURE], result['test']['mIoU']])
        for seed, result in (summary.results if summary else {}).items()
        if kept.get(str(seed), {}).get('digest') == result['digest']
    }


def _over_seeds(rows: Iterable[np.ndarray], places: int) -> list[Estimate]:
    return [estimate(column.tolist()) for column in np.reshape(list(rows), (-1, places)).T]
