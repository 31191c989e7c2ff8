"""What a split holds, summed over its images."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ...datasets.labels import Labels
from .faults import Fault
from .scan import Facts
from .statistics import Band

Kind = tuple[str, int]


@dataclass
class Survey:
    """Sums over the images of a split.

    Attributes:
        split (str): Name.
        labels (Labels): Its classes.
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
        absent = [n for n, c in zip(self.labels.classes, self.pixels, strict=False) if not c]
        if absent and self.pixels.any():
            message = f'{self.split}: expected pixels of each class, found none of ' + ', '.join(
                absent
            )
            faults.append(Fault('warning', 'class absent from a split', message))
        if len(self.kinds) > 1:
            found = ', '.join(f'{d} with {b} bands in {n}' for (d, b), n in self.kinds.items())
            message = f'{self.split}: expected images of one type, found {found}'
            faults.append(Fault('warning', 'type of values', message))
        return faults
