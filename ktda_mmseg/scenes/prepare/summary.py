"""What a prepared folder holds, for the user to read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ktda_mmseg.utils.tables import aligned

IGNORE = 255


@dataclass
class Summary:
    """What a prepared folder holds.

    ``images`` is how many there are a split; ``pixels`` is how many have each mask value, (256,), a
    split; ``notes`` are what the user should know about the source, ``hints`` how to go on.
    """

    out: Path
    classes: tuple[str, ...]
    images: dict[str, int] = field(default_factory=dict)
    pixels: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [['split', 'images', *self.classes, 'ignored']]
        for split, count in self.images.items():
            pixels = self.pixels[split]
            shares = 100 * pixels[[*range(len(self.classes)), IGNORE]] / pixels.sum()
            rows.append([split, str(count), *(f'{share:.1f} %' for share in shares)])
        return '\n'.join([*self.notes, aligned(rows), f'written to {self.out}', *self.hints])


def summarise(out: Path, classes: Sequence[str]) -> Summary:
    """Count images and label pixels of a folder with ``img_dir`` and ``ann_dir``."""
    summary = Summary(out, tuple(classes))
    for folder in sorted((out / 'ann_dir').iterdir(), key=_split_order):
        masks = sorted(folder.glob('*.png'))
        counts = (np.bincount(np.asarray(Image.open(m)).ravel(), minlength=256) for m in masks)
        summary.images[folder.name] = len(masks)
        summary.pixels[folder.name] = sum(counts, np.zeros(256, np.int64))
    return summary


def _split_order(folder: Path) -> tuple[bool, ...]:
    return tuple(folder.name != split for split in ('train', 'val', 'test'))
