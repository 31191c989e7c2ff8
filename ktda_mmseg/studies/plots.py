"""Figures of a study."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from .summary import Summary


def plot_bars(rows: Sequence[Summary], path: Path) -> None:
    """Draw the mIoU of each row with its 95 % interval, and each seed as a point.

    Args:
        rows (Sequence[Summary]): Rows with results.
        path (Path): PNG file to write.
    """
    figure = Figure(figsize=(8, 1 + 0.4 * len(rows)), layout='constrained')
    axes = figure.subplots()
    for place, row in enumerate(rows):
        score = row.score('mIoU')
        error = 0 if np.isnan(score.low) else score.high - score.mean
        colour = 'C1' if row.row.compare is None else 'C0'
        axes.barh(place, score.mean, xerr=error, capsize=3, color=colour, alpha=0.6)
        axes.plot(score.values, [place] * len(score.values), 'k.', markersize=4)
    axes.set_yticks(range(len(rows)), [row.row.title for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel='mIoU, %', xlim=(0, None))
    axes.grid(axis='x', alpha=0.3)
    figure.savefig(path, dpi=110)


def plot_costs(rows: Sequence[Summary], path: Path) -> None:
    """Draw the mIoU of each row, with its 95 % interval, against the MACs of one image.

    Args:
        rows (Sequence[Summary]): Rows with results.
        path (Path): PNG file to write.
    """
    figure = Figure(figsize=(9, 5), layout='constrained')
    axes = figure.subplots()
    for place, row in enumerate(rows):
        score = row.score('mIoU')
        error = 0 if np.isnan(score.low) else score.high - score.mean
        cost = row.cost('model', 'macs') / 1e9
        marker = 'os^Dv<>P*X'[place // 10 % 10]
        axes.errorbar(cost, score.mean, error, fmt=marker, capsize=3, label=row.row.title)
    axes.set(xlabel='multiplications with addition for one image, 10⁹', ylabel='mIoU, %')
    axes.set_xscale('log')
    for part in ('major', 'minor'):
        getattr(axes.xaxis, f'set_{part}_formatter')('{x:.3g}')
    axes.grid(alpha=0.3)
    figure.legend(loc='outside right upper', fontsize='small')
    figure.savefig(path, dpi=110)
