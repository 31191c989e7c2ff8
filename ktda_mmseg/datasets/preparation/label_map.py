"""What the labels of a user's files mean: class names, colours and codes from a small YAML file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .summary import IGNORE

Label = int | str
COLOUR = re.compile('#[0-9a-f]{6}')
SHOWN = 5  # labels that an error names


@dataclass(frozen=True)
class LabelMap:
    """Class names with the labels that stand for them.

    A file reads, for example::

        classes:
          water: {labels: [1, 2], colour: '#0000ff'}
          forest: {labels: [3]}
        ignore: [0]

    Labels are numbers in a label raster or a vector file's field, colours ('#rrggbb') in a label
    raster, or words in a field. ``unlabelled: NAME`` (or ``ignore``) says what the rest is, which
    is otherwise an error.

    Attributes:
        path (Path): The file.
        classes (tuple[str, ...]): Class names; their order gives the indices.
        palette (tuple[tuple[int, ...], ...]): Red, green and blue of each class, 0 to 255.
        indices (dict[Label, int]): Class index of each label, 255 for those to ignore.
        unlabelled (int | None): The index of any other label; None where it is an error.
    """

    path: Path
    classes: tuple[str, ...]
    palette: tuple[tuple[int, ...], ...]
    indices: dict[Label, int]
    unlabelled: int | None

    @property
    def by_colour(self) -> bool:
        """Whether the labels are colours."""
        return all(isinstance(label, str) and COLOUR.fullmatch(label) for label in self.indices)

    def codes(self) -> dict[int, int]:
        """Return the class index of each number that a label raster may hold.

        A colour's number is 0xRRGGBB.

        Raises:
            ValueError: If there are words, or both numbers and colours.
        """
        if self.by_colour:
            return {int(str(label)[1:], 16): index for label, index in self.indices.items()}
        codes = {label: index for label, index in self.indices.items() if isinstance(label, int)}
        if len(codes) < len(self.indices):
            raise ValueError(
                f"{self.path}: expected labels of a raster to be all numbers or all '#rrggbb', "
                f'found {list(self.indices)}'
            )
        return codes

    def index(self, labels: Iterable[Label], path: Path) -> list[int]:
        """Return the class indices of a vector file's field.

        Args:
            labels (Iterable[Label]): The field's values.
            path (Path): The file, named in the error.

        Raises:
            ValueError: If there is a label that the YAML file does not list.
        """
        labels = list(labels)
        unknown = [label for label in labels if label not in self.indices]
        if unknown and self.unlabelled is None:
            counts = {label: unknown.count(label) for label in list(dict.fromkeys(unknown))[:SHOWN]}
            found = [f'{label!r} in {count} features' for label, count in counts.items()]
            raise self._unknown(path, found)
        return [self.indices.get(label, self.unlabelled or 0) for label in labels]

    def mask(self, codes: np.ndarray, valid: np.ndarray, path: str) -> np.ndarray:
        """Return the class indices of a label raster.

        Args:
            codes (np.ndarray): Numbers as in :meth:`codes`, (H, W).
            valid (np.ndarray): Where there are labels at all, (H, W), bool; 255 elsewhere.
            path (str): The file and the place in it, named in the error.

        Returns:
            np.ndarray: Class indices, 255 for pixels to ignore, (H, W), uint8.

        Raises:
            ValueError: If there is a label that the YAML file does not list.
        """
        table = sorted(self.codes().items())
        keys, indices = np.array([*table, (np.inf, IGNORE)]).T
        place = np.searchsorted(keys[:-1], codes)
        known = keys[place] == codes
        if self.unlabelled is None and not (known | ~valid).all():
            values, counts = np.unique(codes[valid & ~known], return_counts=True)
            pairs = list(zip(values.tolist(), counts.tolist(), strict=True))[:SHOWN]
            raise self._unknown(path, [f'{self._name(v)} in {n} pixels' for v, n in pairs])
        other = IGNORE if self.unlabelled is None else self.unlabelled
        mask = np.where(known, indices[place], other)
        return np.where(valid, mask, IGNORE).astype(np.uint8)

    def _name(self, code: float) -> str:
        return f'#{code:06x}' if self.by_colour else f'{code:g}'

    def _unknown(self, path: object, found: list[str]) -> ValueError:
        return ValueError(
            f'{path}: expected labels that {self.path} lists, found {", ".join(found)}; list them '
            "under a class or 'ignore', or say what they are by 'unlabelled'"
        )
