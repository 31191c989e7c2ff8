"""Figures of measured steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ktda_mmseg.utils.figures import new_figure, write_figure

if TYPE_CHECKING:
    from .profile import Shares
    from .scaling import Point

LABELS = {
    'size': 'side of the images in pixels',
    'batch': 'images a step',
    'teacher': 'teacher',
    'depth': 'blocks of modulation a level',
}


def plot_scaling(points: Sequence[Point], path: Path) -> None:
    """Draw seconds an image above and memory below, a column an axis, a line a config."""
    axes = [axis for axis in LABELS if any(point.axis == axis for point in points)]
    figure = new_figure(1 + 3.3 * len(axes), 5.6)
    grid = figure.subplots(2, len(axes), squeeze=False, sharex='col')
    for (above, below), axis in zip(grid.T, axes, strict=True):
        for label in dict.fromkeys(point.label for point in points):
            line = [point for point in points if (point.axis, point.label) == (axis, label)]
            names = [str(point.value) for point in line]
            above.plot(names, [p.seconds / p.images for p in line], 'o-', label=label)
            below.plot(names, [p.memory / 2**30 for p in line], 'o-')
        below.set(xlabel=LABELS[axis])
        for part in (above, below):
            part.grid(alpha=0.3)
            part.set_ylim(0, 1.1 * part.dataLim.y1)
    grid[0, 0].set(ylabel='seconds an image', yscale='log')
    grid[0, 0].autoscale(axis='y')
    grid[1, 0].set(ylabel='peak memory, GiB')
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=3)
    write_figure(figure, path)


def plot_shares(shares: Mapping[str, Shares], path: Path) -> None:
    """Draw where the time of a step goes, by config, one bar a part."""
    figure = new_figure(9, 1 + 2.2 * len(shares))
    for axes, (label, parts) in zip(
        figure.subplots(len(shares), squeeze=False)[:, 0], shares.items(), strict=True
    ):
        names = list(parts)[::-1]
        forward, backward = zip(*(parts[name] for name in names), strict=True)
        axes.barh(names, forward, label='forward')
        axes.barh(names, backward, left=forward, label='backward')
        total = sum(map(sum, parts.values()))
        axes.set(title=f'{label}: {total:.2f} s a step', xlabel='seconds')
        axes.grid(axis='x', alpha=0.3)
    axes.legend(loc='lower right')
    write_figure(figure, path)
