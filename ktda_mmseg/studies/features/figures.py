"""Figures of features, of their likeness and of attention."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ktda_mmseg.utils.files import atomic

from .attention import POINTS, Attention
from .panels import Panel

SIDE = 1.9  # of a panel, in inches
MEASURES = {
    'backbone.cka': 'CKA, student',
    'aligned.cka': 'CKA, aligned',
    'aligned.cosine': 'cosine, aligned',
    'aligned.l2': 'L2 left, aligned (lower is closer)',
}


def draw_maps(panel: Panel) -> Figure:
    """Draw an image and the maps of its levels, a row for each of teacher and student."""
    rows, levels = len(panel.maps), len(panel.maps['teacher'])
    figure = Figure(figsize=(SIDE * (levels + 1), SIDE * rows + 0.6), layout='constrained')
    axes = figure.subplots(rows, levels + 1, squeeze=False)
    for line, (title, maps) in zip(axes, panel.maps.items(), strict=True):
        _show(line[1], maps[0])
        line[1].set_ylabel(title)
        for axis, shades in zip(line[2:], maps[1:], strict=True):
            _show(axis, shades)
        line[0].axis('off')
    for level, axis in enumerate(axes[0][1:]):
        axis.set_title(f'level {level}')
    axes[0][0].imshow(panel.picture)
    figure.suptitle(panel.name, fontsize='medium')
    return figure


def draw_similarity(found: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw how alike student and teacher are, by level.

    Args:
        found (Mapping): What :func:`.levels.similarity_by_level` found, by version of
            the student.
    """
    shown = [name for name in MEASURES if any(name in measures for measures in found.values())]
    figure = Figure(figsize=(3.2 * len(shown), 3.4), layout='constrained')
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


def draw_attention(window: np.ndarray, levels: Sequence[Attention]) -> Figure:
    """Draw what three points of an image attend to, level by level.

    Args:
        window (np.ndarray): The image, ``(H, W, 3)``, uint8.
        levels (Sequence[Attention]): At least one.
    """
    columns = len(POINTS)
    size = (SIDE * (columns + 1), SIDE * len(levels) + 0.3)
    figure = Figure(figsize=size, layout='constrained')
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


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a whole."""
    with atomic(path) as partial:
        figure.savefig(partial, dpi=110)


def pixels_of(figure: Figure) -> np.ndarray:
    """Render a figure as ``(H, W, 3)``, uint8."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _show(axis: Axes, picture: np.ndarray) -> None:
    axis.imshow(picture)
    axis.set(xticks=[], yticks=[])
