"""What the labels of a user's files mean: class names, colours and codes from a small YAML file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import Lock

import numpy as np

from ktda_mmseg.utils.class_count import ONE_CLASS
from ktda_mmseg.utils.tables import SHOWN, first_few

from .summary import IGNORE

Label = int | float | str
COLOUR = re.compile('#[0-9a-f]{6}')
SHORT_COLOUR = re.compile('#[0-9a-f]{3}')
NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)')
HEXADECIMAL = re.compile('0x[0-9a-f]+')
RANGE = re.compile(r'([+-]?\d+(?:\.\d+)?)\s*(?:-|\N{EN DASH}|\.\.)\s*([+-]?\d+(?:\.\d+)?)')
MOST_SHARE = 0.01  # that may be unlisted without a note
MOST_COUNTED = 10_000  # different labels that are told apart
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
    ('#rrggbb' or [255, 0, 0]) in a label raster, or words in a field. ``unlabelled: NAME`` (or
    ``ignore``) says what the rest is, which is otherwise an error.

    ``path`` is the file; ``indices`` has the class index of each canonical label, 255 for those to
    ignore; ``unlabelled`` is the index of any other label, None where it is an error.
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
        """Refuse, by a ValueError with what to do, labels that all mean one class, or nothing."""
        found = ({*self.indices.values(), self.background} - {IGNORE}) or {0}
        if len(found) == 1:
            name = self.classes[found.pop()]
            raise ValueError(
                f'{self.path}: expected labels of two or more classes, found those of {name!r} '
                f'alone: {ONE_CLASS}'
            )

    def lists(self, label: object) -> bool:
        """Tell whether a label is listed."""
        return self._find(canonical(label)) is not None

    @property
    def background(self) -> int:
        """The class index of what has no label at all."""
        return IGNORE if self.unlabelled is None else self.unlabelled

    def unlisted(self, things: str) -> Unlisted:
        """Return a count, at zero, of things whose labels are not listed, such as 'polygons'."""
        meaning = 'ignore' if self.background == IGNORE else self.classes[self.background]
        return Unlisted(self.path, meaning, things)

    @cached_property
    def codes(self) -> list[tuple[float, float, int]]:
        """Return lowest number, highest number and class index of each label, in ascending order.

        A colour's number is 0xRRGGBB. A ValueError if there are words, both numbers and colours, or
        ranges that overlap.
        """
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
        """Return the class indices of a field's values; ``path`` is named in errors.

        A ValueError if there is a label that the YAML file does not list, or lists twice.
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
        """Return which numbers are listed, bool, and the class index of those."""
        low, high, indices = np.array([(-np.inf, -np.inf, IGNORE), *self.codes]).T
        precision = np.result_type(codes.dtype, np.float32)  # a float32 file's 0.1 is not 0.1
        low, high = low.astype(precision), high.astype(precision)
        place = np.searchsorted(low, codes, side='right') - 1
        return codes <= high[place], indices[place]

    def mask(
        self, codes: np.ndarray, valid: np.ndarray, path: str, unlisted: Unlisted | None = None
    ) -> np.ndarray:
        """Return the class indices of a label raster's numbers, (H, W), uint8.

        They are 255 for what is to be ignored, and where ``valid``, (H, W), tells that there are no
        labels at all. ``path`` is named in the ValueError of a label that is not listed.
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


def class_mask(
    codes: np.ndarray,
    indices: Mapping[int, int],
    path: Path,
    expected: str,
    name: Callable[[int], str] = str,
) -> np.ndarray:
    """Return the class indices of a published set's codes, (H, W), uint8.

    A code that has no index is a ValueError that names the file, what was expected and each of the
    first such codes with its pixels.
    """
    known = np.array(sorted(indices))
    other = codes[~np.isin(codes, known)]
    if other.size:
        counts = zip(*(part.tolist() for part in np.unique(other, return_counts=True)), strict=True)
        found = first_few([f'{name(code)} in {count} pixels' for code, count in counts])
        raise ValueError(f'{path}: expected {expected}, found {found}')
    return np.array([indices[code] for code in known.tolist()], np.uint8)[
        np.searchsorted(known, codes)
    ]


def canonical(value: object) -> Label:
    """Bring a value of a YAML file, a raster or a field to the form in which labels are compared.

    Type and case make no difference to a person: text '1' or '1.0' is 1, '#00F' is '#0000ff',
    'Water ' is 'water', True is 'true'. No value at all is 'null'.
    """
    if isinstance(value, np.generic):  # a float32's 0.1 is not 0.1
        value = float(str(value)) if isinstance(value, np.float32) else value.item()
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return 'null'
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if float(value).is_integer() else value
    text = unicodedata.normalize('NFC', str(value)).strip().casefold()
    text = text.removesuffix(' 00:00:00')  # how a date reads that came as a moment
    if NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() else number
    if HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    return '#' + ''.join(2 * digit for digit in text[1:]) if SHORT_COLOUR.fullmatch(text) else text


def interval(label: Label) -> tuple[float, float] | None:
    """Return the lowest and highest number that a canonical label stands for; None for a word."""
    if isinstance(label, int | float):
        return label, label
    ends = RANGE.fullmatch(label)
    if ends is None or float(ends[1]) > float(ends[2]):
        return None
    return float(ends[1]), float(ends[2])


def shown(label: Label) -> str:
    """Return how an error or a note names a canonical label."""
    return repr(label) if isinstance(label, str) and not COLOUR.fullmatch(label) else str(label)


class Unlisted:
    """Counts labels that are not listed and so became what 'unlabelled' says; threads may share it.

    In another process it begins at zero. ``things`` is what has labels, such as 'polygons'.
    """

    def __init__(self, path: Path, meaning: str, things: str) -> None:
        self._path, self._meaning, self._things = path, meaning, things
        self._total, self._counts, self._unlisted = 0, Counter[str](), 0
        self._lock = Lock()

    def __reduce__(self) -> tuple:
        return Unlisted, (self._path, self._meaning, self._things)

    def add(self, total: int, counts: Mapping[str, int], untold: int = 0) -> None:
        """Count the labels that are not listed among a total of things; of ``untold`` no name."""
        with self._lock:
            self._total += total
            self._unlisted += sum(counts.values()) + untold
            if len(self._counts) < MOST_COUNTED:
                self._counts.update(counts)

    def take(self) -> tuple[int, Counter[str], int]:
        """Return what was counted, for :meth:`add`, and begin again at zero."""
        with self._lock:
            taken = self._total, self._counts, self._unlisted - self._counts.total()
            self._total, self._counts, self._unlisted = 0, Counter[str](), 0
        return taken

    def notes(self) -> list[str]:
        """Say which labels these were, if they are more than 1 % of all."""
        if self._unlisted <= MOST_SHARE * self._total:
            return []
        found = [f'{label} in {count}' for label, count in self._counts.most_common(SHOWN)]
        more = len(self._counts) - len(found)
        return [
            f'{self._unlisted / self._total:.1%} of {self._total} {self._things} have labels that '
            f'{self._path} does not list, which became {self._meaning!r} as unlabelled says: '
            f'{", ".join(found)}{f" and {more} more labels" if more else ""}'
        ]
