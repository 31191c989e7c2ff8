"""One form for what people write as labels, and a count of the labels that no one listed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np

from ktda_mmseg.utils.tables import SHOWN

Label = int | float | str
COLOUR = re.compile('#[0-9a-f]{6}')
SHORT_COLOUR = re.compile('#[0-9a-f]{3}')
NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)')
HEXADECIMAL = re.compile('0x[0-9a-f]+')
RANGE = re.compile(r'([+-]?\d+(?:\.\d+)?)\s*(?:-|\N{EN DASH}|\.\.)\s*([+-]?\d+(?:\.\d+)?)')
MOST_SHARE = 0.01  # that may be unlisted without a note
MOST_COUNTED = 10_000  # different labels that are told apart


def canonical(value: object) -> Label:
    """Bring a label to the one form in which labels are compared.

    Type and case make no difference to a person: text '1' or '1.0' is 1, '#00F' is '#0000ff',
    'Water ' is 'water', True is 'true'. No value at all is 'null'.

    Args:
        value (object): What a YAML file, a raster or a vector file's field holds.

    Returns:
        int | float | str: A whole number, another number, or a word in lower case.
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
    """Counts labels that are not listed and therefore became what 'unlabelled' says.

    Threads may share it.

    Args:
        path (Path): The file that lists labels.
        meaning (str): What 'unlabelled' says.
        things (str): What has labels, such as 'polygons'.
    """

    def __init__(self, path: Path, meaning: str, things: str) -> None:
        self._path, self._meaning, self._things = path, meaning, things
        self._total = self._unlisted = 0
        self._counts = Counter[str]()
        self._lock = Lock()

    def add(self, total: int, counts: Mapping[str, int]) -> None:
        """Count.

        Args:
            total (int): How many things were looked at.
            counts (Mapping[str, int]): How many of these have each label that is not listed.
        """
        with self._lock:
            self._total += total
            self._unlisted += sum(counts.values())
            if len(self._counts) < MOST_COUNTED:
                self._counts.update(counts)

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
