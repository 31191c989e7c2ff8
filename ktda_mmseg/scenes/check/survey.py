"""What a split holds, summed over its images, and as rows of text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...datasets.labels import Labels
from .faults import Fault
from .scan import Facts
from .statistics import Band

PERCENTILES = (2, 50, 98)

Kind = tuple[str, int]  # type of values and number of bands
Rows = list[list[str]]


@dataclass
class Survey:
    """Sums over the images of a split.

    Attributes:
        split (str): Name.
        labels (Labels): Its K classes.
        images (int): Images, readable or not.
        sizes (Counter): Images by (height, width).
        kinds (Counter): Images by type of values and number of bands.
        pixels (np.ndarray): Pixels of each class and, last, ignored ones, (K + 1,).
        present (np.ndarray): Labelled pixels of the images that show the class, (K,).
    """

    split: str
    labels: Labels
    images: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    pixels: np.ndarray = field(init=False)
    present: np.ndarray = field(init=False)
    _bands: dict[Kind, list[Band]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        classes = len(self.labels.classes)
        self.pixels = np.zeros(classes + 1, np.int64)
        self.present = np.zeros(classes, np.int64)

    def add(self, facts: Facts) -> None:
        """Count an image and its mask, and let go of the distributions of its bands."""
        self.images += 1
        if facts.shape is not None:
            self.sizes[facts.shape] += 1
        if facts.bands:
            kind = facts.bands[0].dtype, len(facts.bands)
            self.kinds[kind] += 1
            merged = self._bands.get(kind)
            self._bands[kind] = (
                [a.merge(b) for a, b in zip(merged, facts.bands, strict=True)]
                if merged
                else facts.bands
            )
            facts.bands = []
        if facts.labels is not None:
            self.pixels += facts.labels
            self.present += np.where(facts.labels[:-1] > 0, facts.labels[:-1].sum(), 0)

    @property
    def bands(self) -> list[Band]:
        """Distribution of each band over the images of the commonest type; empty if none is."""
        return self._bands[self.kinds.most_common(1)[0][0]] if self.kinds else []

    def faults(self) -> list[Fault]:
        """Say what is odd about the split as a whole."""
        faults = []
        if self.images == 1:
            message = f'{self.split}: expected several images, found one, which tells of no other'
            faults.append(Fault('warning', 'a single image', message))
        absent = [n for n, c in zip(self.labels.classes, self.pixels, strict=False) if not c]
        if absent and self.pixels.any():
            message = f'{self.split}: expected pixels of each class, found none of '
            message += ', '.join(absent)
            faults.append(Fault('warning', 'class absent from a split', message))
        if len(self.kinds) > 1:
            found = ', '.join(f'{d} with {b} bands in {n}' for (d, b), n in self.kinds.items())
            message = f'{self.split}: expected images of one type, found {found}'
            faults.append(Fault('warning', 'type of values', message))
        return faults


def split_rows(surveys: Sequence[Survey]) -> Rows:
    """List images, sizes and class shares; the first row holds titles."""
    classes = surveys[0].labels.classes
    rows = [['split', 'images', 'width x height', 'type', 'bands', *classes, 'ignored']]
    for survey in surveys:
        kinds = [kind for kind, _ in survey.kinds.most_common()]
        rows.append(
            [
                survey.split,
                str(survey.images),
                _few([f'{w}x{h}' for (h, w), _ in survey.sizes.most_common()]),
                _few([dtype for dtype, _ in kinds]),
                _few([str(bands) for _, bands in kinds]),
                *(f'{share:.1%}' for share in survey.pixels / max(survey.pixels.sum(), 1)),
            ]
        )
    return rows


def band_rows(surveys: Sequence[Survey]) -> Rows:
    """List the distribution of each band; the first row holds titles."""
    rows = [['split', 'band', 'mean', 'std', 'min', *(f'{p} %' for p in PERCENTILES), 'max']]
    for survey in surveys:
        for number, band in enumerate(survey.bands, start=1):
            inner = (band.percentile(percent) for percent in PERCENTILES)
            values = band.mean, band.std, band.low, *inner, band.high
            rows.append([survey.split, str(number), *(f'{value:.5g}' for value in values)])
    return rows


def _few(values: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(values))
    return ', '.join(distinct[:2]) + (', ...' if len(distinct) > 2 else '')
