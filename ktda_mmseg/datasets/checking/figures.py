"""Pictures of the report, as PNG files in memory."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ktda_mmseg.visualization.figures import colourise

from .pairs import Pair
from .reading import read_image, read_mask
from .statistics import Band, from_bins
from .survey import Survey

SIDE = 160  # of a thumbnail in pixels
BARS = 64


def plot_class_shares(surveys: Sequence[Survey]) -> bytes:
    """Draw the share of each class among the labelled pixels, split by split."""
    classes = surveys[0].labels.classes
    figure = Figure(figsize=(2 + 1.2 * len(classes), 3.2), layout='constrained')
    axes = figure.subplots()
    width = 0.8 / len(surveys)
    for index, survey in enumerate(surveys):
        labelled = survey.pixels[:-1]
        places = np.arange(len(classes)) + (index - (len(surveys) - 1) / 2) * width
        axes.bar(places, 100 * labelled / max(labelled.sum(), 1), width, label=survey.split)
    axes.set_xticks(range(len(classes)), classes)
    axes.set(ylabel='% of labelled pixels')
    figure.legend(loc='outside upper center', ncols=len(surveys))
    return _png(figure)


def plot_bands(surveys: Sequence[Survey]) -> bytes:
    """Draw the distribution of each band, one panel a split, between its 0.5 and 99.5 %."""
    shown = [survey for survey in surveys if survey.bands]
    figure = Figure(figsize=(4 * len(shown), 3.2), layout='constrained')
    for axes, survey in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        names = len(survey.bands) == 3 and survey.kinds.most_common(1)[0][0][0] == 'uint8'
        colours = ['tab:red', 'tab:green', 'tab:blue'] if names else [None] * len(survey.bands)
        for number, (band, colour) in enumerate(zip(survey.bands, colours, strict=True), start=1):
            edges, shares = _bars(band)
            axes.stairs(shares, edges, color=colour, label=f'band {number}', linewidth=1.5)
        axes.set(title=survey.split, xlabel='value', ylabel='% of pixels')
        axes.legend(fontsize='small', ncols=1 + len(survey.bands) // 6)
    return _png(figure)


def _bars(band: Band) -> tuple[np.ndarray, np.ndarray]:
    bins = np.flatnonzero(band.histogram)
    low, high = band.percentile(0.5), band.percentile(99.5)
    whole = np.issubdtype(band.dtype, np.integer)
    # bars of unequal numbers of integers would look like a comb
    step = max(np.ceil((high - low + 1) / BARS), 1) if whole else (high - low) / BARS or 1
    bars = np.ceil((high - low + 1) / step) if whole else BARS
    edges = low - (0.5 if whole else 0) + step * np.arange(bars + 1)
    counts, edges = np.histogram(from_bins(bins, band.dtype), edges, weights=band.histogram[bins])
    return edges, 100 * counts / band.count


def thumbnail(pair: Pair) -> bytes | None:
    """Draw an image beside its mask, None where the image cannot be read."""
    try:
        pixels = read_image(pair.image, pair.source.reading).pixels
    except ValueError:
        return None
    shown = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]
    rgb = np.broadcast_to(shown, (*pixels.shape[:2], 3))
    pictures = [_small(stretch(rgb), Image.Resampling.BILINEAR)]
    labels = pair.source.labels
    if pair.mask is not None:
        try:
            mask = read_mask(pair.mask).squeeze()
        except ValueError:
            mask = np.empty(0)
        if mask.ndim == 2 and mask.dtype == np.uint8:
            table = np.where(labels.table < len(labels.classes), labels.table, 255)
            coloured = colourise(table.astype(np.uint8)[mask], labels.palette)
            pictures.append(_small(coloured, Image.Resampling.NEAREST))
    canvas = Image.new('RGB', (SIDE * len(pictures) + 4 * (len(pictures) - 1), SIDE), 'white')
    for index, picture in enumerate(pictures):
        canvas.paste(picture, (index * (SIDE + 4), 0))
    stream = io.BytesIO()
    canvas.save(stream, 'PNG')
    return stream.getvalue()


def stretch(pixels: np.ndarray) -> np.ndarray:
    """Bring values (H, W, C) between their 2 and 98 % to 8 bits; 8-bit ones stay as they are."""
    if pixels.dtype == np.uint8:
        return pixels
    finite = np.nan_to_num(pixels.astype(np.float32), posinf=0, neginf=0)
    low, high = np.percentile(finite, (2, 98))
    unit = (finite - low) / (high - low if high > low else 1)
    return (255 * np.clip(unit, 0, 1)).astype(np.uint8)


def _small(pixels: np.ndarray, resampling: Image.Resampling) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return picture.resize((SIDE, SIDE), resampling)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, dpi=100, format='png')
    return stream.getvalue()
