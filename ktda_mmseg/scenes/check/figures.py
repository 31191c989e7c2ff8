"""Pictures of the report, as files in memory."""

from collections.abc import Sequence

import numpy as np

from ktda_mmseg.utils.figures import encode_figure, new_figure

from ...datasets.pictures import encode_picture, rgb_of
from ...datasets.reading import read_image, read_mask
from ...raster.colours import colourise
from .pairs import Pair
from .statistics import Band, from_bins
from .survey import Survey

SIDE = 240  # of a thumbnail in pixels
BARS = 64
COLUMNS = 4  # of panels, one a band


def plot_class_shares(surveys: Sequence[Survey]) -> bytes:
    """Draw the share of each class among the labelled pixels, split by split."""
    classes = surveys[0].labels.classes
    figure = new_figure(2 + 1.2 * len(classes), 3.2)
    axes = figure.subplots()
    width = 0.8 / len(surveys)
    for index, survey in enumerate(surveys):
        labelled = survey.pixels[:-1]
        places = np.arange(len(classes)) + (index - (len(surveys) - 1) / 2) * width
        axes.bar(places, 100 * labelled / max(labelled.sum(), 1), width, label=survey.split)
    axes.set_xticks(range(len(classes)), classes)
    axes.set(ylabel='% of labelled pixels')
    figure.legend(loc='outside upper center', ncols=len(surveys))
    return encode_figure(figure)


def plot_bands(surveys: Sequence[Survey]) -> bytes:
    """Draw the distribution of each band in a panel, one line a split."""
    shown = [survey for survey in surveys if survey.bands]
    number = max(len(survey.bands) for survey in shown)
    columns = min(number, COLUMNS)
    rows = -(-number // columns)
    figure = new_figure(3.4 * columns, 2.6 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[number:]:
        axes.remove()
    for index, axes in enumerate(panels[:number]):
        bands = {s.split: s.bands[index] for s in shown if index < len(s.bands)}
        edges = bar_edges(list(bands.values()))
        for split, band in bands.items():
            bins = np.flatnonzero(band.histogram)
            values, counts = from_bins(bins, band.dtype), band.histogram[bins]
            shares = 100 * np.histogram(values, edges, weights=counts)[0] / band.count
            colour = f'C{[survey.split for survey in surveys].index(split)}'
            axes.stairs(shares, edges, color=colour, label=split, linewidth=1.5)
        axes.set(title=f'band {index + 1}', ylabel='% of pixels' if index % columns == 0 else '')
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc='outside upper center', ncols=len(names))
    return encode_figure(figure)


def bar_edges(bands: Sequence[Band]) -> np.ndarray:
    """Divide what lies between 0.5 and 99.5 % of any of the bands into bars of equal width.

    None is narrower than the bins that it is filled from, and bars of integers hold equally many of
    them: otherwise they would look like a comb.
    """
    low = min(band.percentile(0.5) for band in bands)
    high = max(band.percentile(99.5) for band in bands)
    if all(np.issubdtype(band.dtype, np.integer) for band in bands):
        step = np.ceil((high - low + 1) / BARS)
        return low - 0.5 + step * np.arange(np.ceil((high - low + 1) / step) + 1)
    step = max((high - low) / BARS, max(abs(low), abs(high)) / 64) or 1.0
    return low - step / 2 + step * np.arange(np.ceil((high - low) / step) + 2)


def thumbnails(pair: Pair) -> dict[str, bytes]:
    """Draw an image and its mask, as far as they can be read; nothing without the image."""
    try:
        pixels = rgb_of(read_image(pair.image, pair.source.reading))
    except ValueError:
        return {}
    name, labels = pair.image.name, pair.source.labels
    pictures = {f'image {name}': encode_picture(pixels, SIDE)}
    try:
        mask = read_mask(pair.mask).squeeze() if pair.mask else np.empty(0)
    except ValueError:
        return pictures
    if mask.ndim == 2 and mask.dtype == np.uint8:
        table = np.where(labels.table < len(labels.classes), labels.table, 255)
        coloured = colourise(table.astype(np.uint8)[mask], labels.palette)
        pictures[f'mask of {name}'] = encode_picture(coloured, SIDE, exact=True)
    return pictures
