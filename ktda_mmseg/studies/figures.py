"""Figures of predictions and of the confusion matrix."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ktda_mmseg.raster.colours import IGNORED, colourise


class Example(NamedTuple):
    """An image with its labels.

    Attributes:
        name (str): Title.
        image (np.ndarray): RGB ``(H, W, 3)``, uint8.
        truth (np.ndarray): Class indices ``(H, W)``; 255 is ignored.
        prediction (np.ndarray): Class indices ``(H, W)``.
    """

    name: str
    image: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray


def plot_predictions(
    examples: Sequence[Example],
    classes: Sequence[str],
    palette: Sequence[Sequence[int]],
    path: Path,
) -> None:
    """Draw image, ground truth and prediction side by side, one example a row.

    Args:
        examples (Sequence[Example]): At least one.
        classes (Sequence[str]): Class names.
        palette (Sequence[Sequence[int]]): Colours, 0 to 255, one a class.
        path (Path): PNG file to write.
    """
    figure = Figure(figsize=(8.4, 2.8 * len(examples) + 0.6), layout='constrained')
    rows = figure.subplots(len(examples), 3, squeeze=False)
    for axes, title in zip(rows[0], ('image', 'ground truth', 'prediction'), strict=True):
        axes.set_title(title)
    for row, example in zip(rows, examples, strict=True):
        maps = (colourise(labels, palette) for labels in (example.truth, example.prediction))
        for axes, picture in zip(row, (example.image, *maps), strict=True):
            axes.imshow(picture)
            axes.set(xticks=[], yticks=[])
        row[0].set_ylabel(example.name, fontsize='small')
    colours = [*palette, IGNORED]
    patches = [
        Patch(facecolor='#{:02x}{:02x}{:02x}'.format(*colour), label=name)
        for name, colour in zip([*classes, 'ignored'], colours, strict=True)
    ]
    figure.legend(handles=patches, loc='outside lower center', ncols=min(len(patches), 6))
    figure.savefig(path, dpi=110)


def plot_confusion_matrix(matrix: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Draw a confusion matrix in percent of the true class.

    Args:
        matrix (np.ndarray): Pixel counts ``(K, K)``, true classes in rows.
        classes (Sequence[str]): Class names.
        path (Path): PNG file to write.
    """
    percent = 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    side = 2.5 + 0.8 * len(classes)
    figure = Figure(figsize=(side + 1, side), layout='constrained')
    axes = figure.subplots()
    axes.imshow(percent, cmap='Blues', vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(percent):
        colour = 'white' if value > 50 else 'black'
        axes.text(column, row, f'{value:.1f}', ha='center', va='center', color=colour)
    ticks = range(len(classes))
    axes.set_xticks(ticks, classes, rotation=30, ha='right')
    axes.set_yticks(ticks, classes)
    axes.set(title='% of the true class', xlabel='prediction', ylabel='ground truth')
    figure.savefig(path, dpi=120)
