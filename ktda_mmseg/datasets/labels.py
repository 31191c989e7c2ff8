"""Mask values and the classes that they stand for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmseg.datasets import BaseSegDataset

VALUES = 256


class Labels(NamedTuple):
    """Classes of a data set and what each mask value means in it.

    Attributes:
        classes (tuple[str, ...]): Names of K classes.
        palette (list): Colours, 0 to 255, one a class.
        table (np.ndarray): (256,): for each mask value its class, K if ignored, K + 1 if it is none
            of both.
        known (str): The values that are right, in words.
    """

    classes: tuple[str, ...]
    palette: Sequence[Sequence[int]]
    table: np.ndarray
    known: str

    def tally(self, mask: np.ndarray) -> tuple[np.ndarray, dict[float, int]]:
        """Count the pixels of a mask.

        Args:
            mask (np.ndarray): Values as stored, (H, W), of any type.

        Returns:
            tuple: Pixels of each class and, last, ignored ones, (K + 1,); and pixels by value of
            the values that are neither.
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

    Source: mmseg, ``LoadAnnotations._load_seg_map``.

    Args:
        dataset (BaseSegDataset): The data set; it need not be initialised.
        key (str): Where the config defines it, for the error.

    Returns:
        Labels: Classes and table.

    Raises:
        ValueError: If the data set names no classes.
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


def median_frequency_weights(pixels: np.ndarray, present: np.ndarray) -> list[float]:
    """Weigh classes by median-frequency balancing.

    The frequency of a class is its pixels over the labelled pixels of all images that show it; its
    weight is the median frequency over its frequency. An absent class gets weight 1. Source:
    Eigen and Fergus, 2015, arXiv:1411.4734, section 6.3.2.

    Args:
        pixels (np.ndarray): Pixels of each class, (K,).
        present (np.ndarray): Labelled pixels of the images that show the class, (K,).

    Returns:
        list[float]: K weights, of four digits.
    """
    seen = pixels > 0
    frequency = pixels[seen] / present[seen]
    weights = np.ones(len(pixels))
    weights[seen] = np.median(frequency) / frequency if seen.any() else 1
    return [float(f'{weight:.4g}') for weight in weights]
