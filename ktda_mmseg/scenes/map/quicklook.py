"""A small picture of a map with its legend."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ktda_mmseg.raster.colours import hex_colour
from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.utils.figures import DPI, draw_legend, new_figure, write_figure

from .card import ModelCard
from .summary import Counts

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
    found = _found(card, counts)[: columns * LINES]
    below = (-(-len(found) // columns) + 1) * LINE
    figure = new_figure(width / DPI, (height + below) / DPI, arranged=False)
    axes = figure.add_axes((0, below / (height + below), 1, height / (height + below)))
    axes.imshow(colours[pixels], interpolation='nearest', aspect='auto' if thin else 'equal')
    axes.set_axis_off()
    shares = counts.shares()
    names = [f'{card.classes[label]}  {shares[label]:.1%}' for label in found]
    entries = names, [hex_colour(card.palette[label]) for label in found]
    draw_legend(figure, *entries, loc='lower center', ncols=columns, fontsize=12, frameon=False)
    write_figure(figure, path)


def _found(card: ModelCard, counts: Counts) -> list[int]:
    """Return the classes that occur, the largest first."""
    shares = counts.shares()[: len(card.classes)]
    return [int(label) for label in np.argsort(-shares, kind='stable') if shares[label]]
