"""A small picture of a map with its legend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.utils.files import atomic

from .card import ModelCard
from .summary import Counts

DPI = 100
SIDE = 1600  # pixels of the map's longer side; the legend comes on top
EMPTY = (255, 255, 255)  # where there are no data
COLUMN = 400  # pixels of one of the legend's columns
LINE = 26  # pixels of one of its lines
LINES = 14  # of them at the most


def write_quicklook(card: ModelCard, labels: Path, counts: Counts, path: Path) -> None:
    """Draw a finished map, from its overviews if it is large, with the classes and their shares.

    The PNG is at most 2,000 pixels high and wide.
    """
    with open_raster(labels) as raster:
        longer = max(raster.height, raster.width)
        shown = np.array([raster.height, raster.width]) * SIDE / longer
        small = np.minimum(shown.round().astype(int).clip(1), raster.shape)
        pixels = raster.read(1, out_shape=tuple(small))
    colours = np.full((256, 3), EMPTY, np.uint8)
    colours[: len(card.palette)] = card.palette
    # a strip of pixels would be too thin to see, and the legend needs its width
    height, width = shown.clip((SIDE / 20, SIDE / 2)).round()
    thin = min(shown) < SIDE / 20
    columns = int(width // COLUMN)
    entries = _entries(card, counts)[: columns * LINES]
    below = (-(-len(entries) // columns) + 1) * LINE
    figure = Figure(figsize=(width / DPI, (height + below) / DPI), dpi=DPI)
    axes = figure.add_axes((0, below / (height + below), 1, height / (height + below)))
    axes.imshow(colours[pixels], interpolation='nearest', aspect='auto' if thin else 'equal')
    axes.set_axis_off()
    figure.legend(handles=entries, loc='lower center', ncols=columns, fontsize=12, frameon=False)
    with atomic(path) as partial:
        figure.savefig(partial, metadata={'Software': None})


def _entries(card: ModelCard, counts: Counts) -> list[Patch]:
    """Return what the legend shows: the classes that occur, the largest first."""
    shares = counts.shares()[: len(card.classes)]
    return [
        Patch(
            facecolor='#{:02x}{:02x}{:02x}'.format(*card.palette[label]),
            edgecolor='grey',
            label=f'{card.classes[label]}  {shares[label]:.1%}',
        )
        for label in np.argsort(-shares, kind='stable')
        if shares[label]
    ]
