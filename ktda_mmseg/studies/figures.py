"""All figures of studies, runs and features."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator
from PIL import Image

from ktda_mmseg.raster.colours import IGNORED, colourise, hex_colour
from ktda_mmseg.utils.figures import Axes, Figure, draw_legend, encode_figure, new_figure

from .features.attention import POINTS, Attention
from .logs import Curve
from .summary import Estimate, Summary

SIDE = 1.9  # of a small picture, in inches
TITLE = 32  # letters that stand side by side above a map of labels
NARROW = 5.0  # inches of 100 pixels, which a phone shows whole
MEASURES = {
    'backbone.cka': 'CKA, student',
    'aligned.cka': 'CKA, aligned',
    'aligned.cosine': 'cosine, aligned',
    'aligned.l2': 'L2 left, aligned (lower is closer)',
}
Picture = np.ndarray  # (H, W, 3), uint8


def pixels_of(figure: Figure) -> Picture:
    """Render a figure as an image."""
    return np.asarray(Image.open(BytesIO(encode_figure(figure))).convert('RGB'))


def draw_bars(rows: Sequence[Summary]) -> Figure:
    """Draw the mIoU of each row with its 95 % interval, and each seed as a point."""
    figure = new_figure(NARROW, 0.8 + 0.6 * len(rows))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        score = row.score('mIoU')
        colour = 'C1' if row.row.compare is None else 'C0'
        axes.barh(place, score.mean, 0.4, xerr=score.error, capsize=3, color=colour, alpha=0.6)
        axes.plot(score.values, [place] * len(score.values), 'k.', markersize=4)
        # above the bar: beside it long titles would leave it no room
        axes.text(0, place - 0.25, row.row.title, fontsize='small', va='bottom', wrap=True)
    axes.set(xlabel='mIoU, %', xlim=(0, None), yticks=[], ylim=(len(rows) - 0.6, -0.8))
    axes.spines[['left', 'top', 'right']].set_visible(False)
    axes.grid(axis='x', alpha=0.3)
    return figure


def draw_costs(rows: Sequence[Summary]) -> Figure:
    """Draw the mIoU of each row, with its 95 % interval, against the MACs of one image."""
    figure = new_figure(NARROW, 3.5 + 0.22 * len(rows))
    axes = figure.subplots()
    costs = [row.cost('model', 'macs') / 1e9 for row in rows]
    for place, (row, cost) in enumerate(zip(rows, costs, strict=True)):
        score = row.score('mIoU')
        marker = 'os^Dv<>P*X'[place // 10 % 10]
        axes.errorbar(cost, score.mean, score.error, fmt=marker, capsize=3, label=row.row.title)
    axes.set(xlabel='multiplications with addition for one image, 10⁹', ylabel='mIoU, %')
    axes.set(xscale='log', xlim=(min(costs) / 2, max(costs) * 2))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter('{x:.3g}')
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3)
    figure.legend(loc='outside lower center', fontsize='small')
    return figure


def draw_confusion(matrix: np.ndarray, classes: Sequence[str]) -> Figure:
    """Draw a confusion matrix ``(K, K)`` in percent of the true class, which is the row."""
    percent = 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    side = 2.5 + 0.8 * len(classes)
    figure = new_figure(side + 1, side)
    axes = figure.subplots()
    axes.imshow(percent, cmap='Blues', vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(percent):
        colour = 'white' if value > 50 else 'black'
        axes.text(column, row, f'{value:.1f}', ha='center', va='center', color=colour)
    ticks = range(len(classes))
    axes.set_xticks(ticks, classes, rotation=30, ha='right')
    axes.set_yticks(ticks, classes)
    axes.set(title='% of the true class', xlabel='prediction', ylabel='ground truth')
    return figure


def draw_labels(
    images: Sequence[tuple[str, Picture, Mapping[str, np.ndarray]]], meta: Mapping[str, Any]
) -> Figure:
    """Draw images, each with its name, beside label maps ``(H, W)`` in the colours of classes.

    Label maps have titles; ``meta`` holds ``classes`` and ``palette``.
    """
    titles = ['image', *(fill(title, TITLE) for title in images[0][2])]
    columns, lines = len(titles), max(title.count('\n') for title in titles)
    figure = new_figure(2.4 * columns, (2.5 + 0.15 * lines) * len(images) + 0.6)
    grid = figure.subplots(len(images), columns, squeeze=False)
    for axes, (name, picture, maps) in zip(grid, images, strict=True):
        shown = [picture, *(colourise(labels, meta['palette']) for labels in maps.values())]
        for axis, title, pixels in zip(axes, titles, shown, strict=True):
            _show(axis, pixels)
            axis.set_title(title, fontsize='small')
        axes[0].set_ylabel(name, fontsize='small')
    names = [*meta['classes'], 'ignored']
    colours = [*map(hex_colour, meta['palette']), hex_colour(IGNORED)]
    draw_legend(figure, names, colours, loc='outside lower center', ncols=min(len(names), 6))
    figure.draw_without_rendering()  # titles of many lines find their place in a second round
    return figure


def draw_curves(curves: Mapping[str, Curve]) -> Figure:
    """Draw the training losses (logarithmic) beside the validation mIoU."""
    figure = new_figure(11, 4)
    losses, scores = figure.subplots(1, 2)
    for name, curve in sorted(curves.items()):
        if 'loss' in name:
            style = dict(color='black', linewidth=2) if name == 'loss' else dict(linewidth=1)
            losses.plot(*zip(*sorted(curve.items()), strict=True), label=name, **style)
    losses.set(title='Training losses', xlabel='iteration', yscale='log')
    # beside the axes: in them it would hide curves
    figure.legend(loc='outside lower center', fontsize='small', ncols=6)
    if 'mIoU' in curves:
        scores.plot(*zip(*sorted(curves['mIoU'].items()), strict=True), marker='o')
    scores.set(title='Validation mIoU', xlabel='iteration', ylabel='%', ylim=(0, 100))
    for axes in (losses, scores):
        axes.grid(alpha=0.3)
    return figure


def draw_maps(name: str, picture: Picture, maps: Mapping[str, Sequence[Picture]]) -> Figure:
    """Draw an image and coloured maps of its levels, by whose they are."""
    levels = len(maps['teacher'])
    figure = new_figure(SIDE * (levels + 1), SIDE * len(maps) + 0.6)
    axes = figure.subplots(len(maps), levels + 1, squeeze=False)
    for line, (title, shades) in zip(axes, maps.items(), strict=True):
        for axis, pixels in zip(line[1:], shades, strict=True):
            _show(axis, pixels)
        line[1].set_ylabel(title)
        line[0].axis('off')
    for level, axis in enumerate(axes[0][1:]):
        axis.set_title(f'level {level}')
    axes[0][0].imshow(picture)
    figure.suptitle(name, fontsize='medium')
    return figure


def draw_similarity(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw how alike student and teacher are, by level, measure and version of the student."""
    shown = [name for name in MEASURES if any(name in measures for measures in found.values())]
    figure = new_figure(3.2 * len(shown), 3.4)
    for axis, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        for version, measures in found.items():
            values = measures.get(name, ())
            axis.plot(range(len(values)), values, marker='o', label=version)
        axis.set(title=MEASURES[name], xlabel='level', xticks=range(len(values)))
        axis.set_ylim(min(0, axis.get_ylim()[0]), 1.02)
        axis.grid(alpha=0.3)
    handles, versions = axis.get_legend_handles_labels()
    figure.legend(handles, versions, loc='outside lower center', ncols=len(versions))
    return figure


def draw_attention(window: Picture, levels: Sequence[Attention]) -> Figure:
    """Draw what three points of an image attend to, level by level."""
    columns = len(POINTS)
    size = (SIDE * (columns + 1), SIDE * len(levels) + 0.3)
    figure = new_figure(*size)
    axes = figure.subplots(len(levels), columns + 1, squeeze=False)
    height, width = window.shape[:2]
    for line, level in zip(axes, levels, strict=True):
        _show(line[0], window)
        line[0].set_ylabel(f'level {level.level}\nspread {level.spread:.2f}')
        for axis, (y, x), attended in zip(line[1:], POINTS, level.maps, strict=True):
            _show(axis, window)
            scale = dict(vmin=0, vmax=float(level.maps.max()), extent=(0, width, height, 0))
            axis.imshow(attended.numpy(), cmap='inferno', alpha=0.75, **scale)
            for place in (axis, line[0]):
                place.plot(x * width, y * height, 'c+', markersize=10, markeredgewidth=2)
    return figure


def draw_gap(
    titles: Sequence[str],
    reached: Sequence[Sequence[Estimate]],
    closed: Sequence[Sequence[Estimate]],
) -> Figure:
    """Draw CKA by level, and the share of the gap that rows close by level and in mIoU.

    Rows go from the student alone to the teacher with the head, frozen or trained further; the
    last estimate of each is its mIoU. Bars have 95 % intervals.
    """
    figure = new_figure(11, 4.2)
    left, right = figure.subplots(1, 2)
    depth = len(reached[0]) - 1
    width = 0.8 / max(len(titles) - 2, 1)
    for number, (title, (*levels, miou), shares) in enumerate(
        zip(titles, reached, closed, strict=True)
    ):
        style = dict(color=f'C{number}', capsize=3)
        label = f'{title}: {miou.mean:.1f}'
        left.errorbar(range(depth), *_bars(levels), marker='o', label=label, **style)
        if 0 < number < len(titles) - 1:
            places = np.arange(depth + 1) + (number - 1) * width - 0.4 + width / 2
            means, errors = _bars(shares)
            right.bar(places, means, width, yerr=errors, **style)
    names = [f'level {level}' for level in range(depth)]
    left.set_xticks(range(depth), names)
    left.set(title='Linear CKA with the teacher', ylim=(0, 1.05))
    right.set_xticks(range(depth + 1), [*names, 'mIoU'])
    # rows may have long names, which the legend has room for
    right.set(title='Way from the first row to the last', ylabel='%')
    right.axhline(0, color='black', linewidth=0.8)
    for axis in (left, right):
        axis.grid(axis='y', alpha=0.3)
    handles, labels = left.get_legend_handles_labels()
    title = 'mIoU in % on the test split'
    figure.legend(handles, labels, loc='outside lower center', ncols=3, title=title)
    return figure


def _bars(estimates: Sequence[Estimate]) -> tuple[list[float], list[float]]:
    return [x.mean for x in estimates], [x.error for x in estimates]


def _show(axis: Axes, picture: Picture) -> None:
    axis.imshow(picture)
    axis.set(xticks=[], yticks=[])
