"""What the labels of a user's files mean: class names, colours and codes from a small YAML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from ktda_mmseg.utils.class_count import ONE_CLASS
from ktda_mmseg.utils.tables import SHOWN, first_few

from .label_values import COLOUR, Label, Unlisted, canonical, interval, shown
from .summary import IGNORE

BOOLEANS = {'true': 1, 'false': 0}


@dataclass(frozen=True)
class LabelMap:
    """Class names with the labels that stand for them.

    A file reads, for example::

        classes:
          water: {labels: [1, 2], colour: '#0000ff'}
          forest: {labels: [3, 10-19]}
        ignore: [0]

    Labels are numbers or ranges of them in a label raster or a vector file's field, colours
    ('#rrggbb' or [255, 0, 0]) in a label raster, or words in a field. Type and case make no
    difference, see :func:`.label_values.canonical`. ``unlabelled: NAME`` (or ``ignore``) says what
    the rest is, which is otherwise an error.

    Attributes:
        path (Path): The file.
        classes (tuple[str, ...]): Class names; their order gives the indices.
        palette (tuple[tuple[int, ...], ...]): Red, green and blue of each class, 0 to 255.
        indices (dict[Label, int]): Class index of each canonical label, 255 for those to ignore.
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
        return bool(self.indices) and all(
            isinstance(label, str) and COLOUR.fullmatch(label) for label in self.indices
        )

    def require_two_classes(self) -> None:
        """Refuse labels that all mean one class, or nothing.

        Raises:
            ValueError: With what to do.
        """
        found = ({*self.indices.values(), self.background} - {IGNORE}) or {0}
        if len(found) == 1:
            name = self.classes[found.pop()]
            raise ValueError(
                f'{self.path}: expected labels of two or more classes, found those of {name!r} '
                f'alone: {ONE_CLASS}'
            )

    @property
    def background(self) -> int:
        """The class index of what has no label at all."""
        return IGNORE if self.unlabelled is None else self.unlabelled

    def unlisted(self, things: str) -> Unlisted:
        """Return a count, at zero, of labels that are not listed.

        Args:
            things (str): What has labels, such as 'polygons'.
        """
        meaning = 'ignore' if self.background == IGNORE else self.classes[self.background]
        return Unlisted(self.path, meaning, things)

    def codes(self) -> list[tuple[float, float, int]]:
        """Return the numbers that a label raster may hold.

        A colour's number is 0xRRGGBB.

        Returns:
            list[tuple[float, float, int]]: Lowest number, highest number and class index of each
            label, in ascending order.

        Raises:
            ValueError: If there are words, both numbers and colours, or ranges that overlap.
        """
        return self._codes

    @cached_property
    def _codes(self) -> list[tuple[float, float, int]]:
        codes = []
        for label, index in self.indices.items():
            ends = interval(int(str(label)[1:], 16) if self.by_colour else label)
            if ends is None:
                raise ValueError(
                    f"{self.path}: expected labels of a raster to be all numbers or all '#rrggbb', "
                    f'found {list(self.indices)[:SHOWN]} with {label!r}'
                )
            codes.append((*ends, index))
        codes.sort()
        for (_, last, _), (first, _, _) in pairwise(codes):
            if first <= last:
                raise ValueError(
                    f'{self.path}: expected each label once, found {first:g} again in a range'
                )
        return codes

    def index(
        self, labels: Iterable[object], path: Path | str, unlisted: Unlisted | None = None
    ) -> list[int]:
        """Return the class indices of a vector file's field.

        Args:
            labels (Iterable[object]): The field's values.
            path (Path | str): The file and the field, named in the error.
            unlisted (Unlisted | None): Counts labels that are not listed. Default: None.

        Raises:
            ValueError: If there is a label that the YAML file does not list, or lists twice.
        """
        values = [canonical(label) for label in labels]
        counts = Counter(values)
        indices = {label: self._find(label) for label in counts}
        unknown = {shown(label): n for label, n in counts.items() if indices[label] is None}
        if unknown and self.unlabelled is None:
            raise self._unknown(path, [f'{label} in {n} features' for label, n in unknown.items()])
        if unlisted is not None:
            unlisted.add(len(values), unknown)
        found = {k: self.background if index is None else index for k, index in indices.items()}
        return [found[value] for value in values]

    def _find(self, label: Label) -> int | None:
        """The class index of a canonical label; None if it is not listed."""
        if isinstance(label, str):
            found = self.indices.get(label)
            truth = BOOLEANS.get(label)
            return self.indices.get(truth) if found is None and truth is not None else found
        meant = {
            listed: index
            for listed, index in self.indices.items()
            if (ends := interval(listed)) and ends[0] <= label <= ends[1]
        }
        if len(meant) > 1:
            raise ValueError(
                f'{self.path}: expected each label once, found {label} in {[*map(shown, meant)]}'
            )
        return next(iter(meant.values()), None)

    def match(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Look up the numbers of a label raster.

        Args:
            codes (np.ndarray): Numbers as in :meth:`codes`, any shape.

        Returns:
            tuple[np.ndarray, np.ndarray]: Whether each is listed, bool; and the class index where
            it is.
        """
        low, high, indices = np.array([(-np.inf, -np.inf, IGNORE), *self.codes()]).T
        precision = np.result_type(codes.dtype, np.float32)  # a float32 file's 0.1 is not 0.1
        low, high = low.astype(precision), high.astype(precision)
        place = np.searchsorted(low, codes, side='right') - 1
        return codes <= high[place], indices[place]

    def mask(
        self, codes: np.ndarray, valid: np.ndarray, path: str, unlisted: Unlisted | None = None
    ) -> np.ndarray:
        """Return the class indices of a label raster.

        Args:
            codes (np.ndarray): Numbers as in :meth:`codes`, (H, W).
            valid (np.ndarray): Where there are labels at all, (H, W), bool; 255 elsewhere.
            path (str): The file and the place in it, named in the error.
            unlisted (Unlisted | None): Counts labels that are not listed. Default: None.

        Returns:
            np.ndarray: Class indices, 255 for pixels to ignore, (H, W), uint8.

        Raises:
            ValueError: If there is a label that the YAML file does not list.
        """
        known, indices = self.match(codes)
        other = valid & ~known
        unknown: dict[str, int] = {}
        if other.any():
            values, counts = np.unique(codes[other], return_counts=True)
            names = map(self._name, values.tolist())
            unknown = dict(zip(names, counts.tolist(), strict=True))
        if unknown and self.unlabelled is None:
            raise self._unknown(path, [f'{name} in {n} pixels' for name, n in unknown.items()])
        if unlisted is not None:
            unlisted.add(int(valid.sum()), unknown)
        mask = np.where(known, indices, self.background)
        return np.where(valid, mask, IGNORE).astype(np.uint8)

    def _name(self, code: float) -> str:
        if not self.by_colour:
            return f'{code:g}' if isinstance(code, float) else str(code)
        return f'#{code:06x}' if code >= 0 else f'index {-1 - code:g} without a colour'

    def _unknown(self, path: Path | str, found: list[str]) -> ValueError:
        return ValueError(
            f'{path}: expected labels that {self.path} lists, found {first_few(found)}; list them '
            "under a class or 'ignore', or say what they are by 'unlabelled'"
        )
