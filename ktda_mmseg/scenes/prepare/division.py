"""Dividing things into splits by shares, evenly over their kinds, or by a list."""

from collections.abc import Collection, Mapping
from pathlib import Path, PurePath

import numpy as np
import yaml

from ktda_mmseg.utils.files import read_text
from ktda_mmseg.utils.tables import first_few


def divide(kinds: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Divide names into splits, each kind in the same shares as far as numbers allow.

    Names in a random order within their kind, kind after kind, go one by one to the split that
    lacks most.

    Args:
        kinds (Mapping[str, str]): Kind of each name; the order of the names does not matter.
        shares (Mapping[str, float]): Share of each split; they sum to 1.
        seed (int): Another seed, another order; at least 0.

    Returns:
        dict[str, str]: Split of each name, in sorted order of names.

    Raises:
        ValueError: If the seed is negative.
    """
    if seed < 0:
        raise ValueError(f'expected a seed from 0, got {seed}')
    names = sorted(kinds)
    order = np.random.default_rng(seed).permutation(len(names))
    counts = dict.fromkeys(shares, 0)
    splits = {}
    # sorted() keeps the random order within a kind
    for done, name in enumerate(sorted((names[i] for i in order), key=kinds.__getitem__), 1):
        split = max(shares, key=lambda s: shares[s] * done - counts[s])
        counts[split] += 1
        splits[name] = split
    return {name: splits[name] for name in names}


def read_division(path: Path, names: Collection[str], splits: Collection[str]) -> dict[str, str]:
    """Read which names are in which split.

    A name stands as it is written: 007 is no number. It may have a file's suffix, and the folders
    above it may be left out where that leaves no doubt.

    Args:
        path (Path): YAML or JSON, a list of names a split.
        names (Collection[str]): The names there are.
        splits (Collection[str]): The splits there may be.

    Returns:
        dict[str, str]: Split of each listed name, in sorted order of names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds something else, a name that is not there, or a name twice.
    """
    try:
        lists = yaml.load(read_text(path), yaml.BaseLoader)  # which leaves all scalars text
    except yaml.YAMLError as error:
        reason = ' '.join(str(error).split())
        raise ValueError(f'{path}: expected YAML or JSON, found: {reason}') from None
    if not (
        isinstance(lists, dict)
        and lists.keys() <= set(splits)
        and all(listed == '' or isinstance(listed, list) for listed in lists.values())
    ):
        raise ValueError(
            f'{path}: expected a list of names for each of {[*splits]}, found {str(lists)[:80]}'
        )
    division: dict[str, str] = {}
    for split, listed in lists.items():
        for written in listed:
            meant = _meant(written, names)
            if len(meant) != 1:
                near = f', which may be {first_few(meant)}' if meant else ''
                raise ValueError(
                    f'{path}: expected names of the source in {split}, found {written!r}{near}; '
                    f'there are {first_few(sorted(names))}'
                )
            (name,) = meant
            if name in division:
                raise ValueError(
                    f'{path}: expected each name once, found {name} in {division[name]} and {split}'
                )
            division[name] = split
    return dict(sorted(division.items()))


def _meant(written: object, names: Collection[str]) -> list[str]:
    """Names that something in a list may stand for: itself, else without its suffix or folders."""
    text = str(written)
    stems = [text, text.removesuffix(PurePath(text).suffix)]
    exact = [stem for stem in stems if stem in names][:1]
    return exact or [name for name in names if any(name.endswith(f'/{stem}') for stem in stems)]
