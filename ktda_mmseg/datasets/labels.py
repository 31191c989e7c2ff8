"""Mask values and the classes that they stand for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmseg.datasets import BaseSegDataset

VALUES = 256


class Labels(NamedTuple):
    """K classes of a data set and what each mask value means in it."""

    classes: tuple[str, ...]
    palette: Sequence[Sequence[int]]  # colours, 0 to 255, one a class
    table: np.ndarray  # (256,): of each value its class, K if ignored, K + 1 if none of both
    known: str  # the values that are right, in words

    def tally(self, mask: np.ndarray) -> tuple[np.ndarray, dict[float, int]]:
        """Count the pixels of a mask (H, W) of stored values of any type.

        Returns those of each class and, last, ignored ones, (K + 1,), and of each other value.
        """
        if mask.dtype == np.uint8:
            pixels = np.bincount(mask.ravel(), minlength=VALUES)
            values = np.flatnonzero(pixels)
            pixels = pixels[values]
        else:
            values, pixels = np.unique(mask, return_counts=True)
        wrong = len(self.classes) + 1
        fits = (values >= 0) & (values < VALUES) & (values % 1 == 0)
        meaning = np.full(len(values), wrong)
        meaning[fits] = self.table[values[fits].astype(np.uint8)]
        counts = np.bincount(meaning, pixels, wrong + 1)[:wrong].astype(np.int64)
        found = meaning == wrong
        return counts, dict(zip(values[found].tolist(), pixels[found].tolist(), strict=True))


def labels_of(dataset: BaseSegDataset, key: str) -> Labels:
    """Tell what mask values mean in a data set, in the order in which mmseg maps them.

    It need not be initialised; one without classes is a ValueError, which names the config's key.
    Source: mmseg, ``LoadAnnotations._load_seg_map``.
    """
    classes = dataset.metainfo.get('classes')
    if not classes:
        raise ValueError(
            f'{key}: expected classes by metainfo=dict(classes=...), found none for '
            f'{type(dataset).__name__}'
        )
    mapped = np.arange(VALUES)
    if dataset.reduce_zero_label:
        mapped -= 1
        mapped[[0, -1]] = 255
    table = mapped.copy()
    for old, new in (dataset.label_map or {}).items():
        table[mapped == old] = new
    ignored, wrong = table == dataset.ignore_index, table >= len(classes)
    table[wrong] = len(classes) + 1
    table[ignored] = len(classes)
    known = np.flatnonzero(table < len(classes))
    words = f'{known.min()} to {known.max()} or {dataset.ignore_index} (ignored)'
    return Labels(tuple(classes), dataset.metainfo['palette'], table, words)
