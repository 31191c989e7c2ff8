"""Which split a scene or anything else belongs to: by shares, or by a user's list."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath

import numpy as np
import yaml

from ktda_mmseg.utils.files import read_text
from ktda_mmseg.utils.tables import first_few

from .neighbours import neighbours, together
from .scenes import Scene, folder_of

SPLITS = ('train', 'val', 'test')
UNLABELLED = 'unlabelled'  # the folder of images without labels, beside those of the splits


def shares(val: float, test: float) -> dict[str, float]:
    """Return the share of each split that is not empty; a ValueError if none is left for train."""
    if min(val, test) < 0 or val + test >= 1:
        raise ValueError(
            f'expected shares of val and test from 0 and below 1 together, got {val} and {test}'
        )
    parts = zip(SPLITS, (1 - val - test, val, test), strict=True)
    return {split: share for split, share in parts if share > 0}


def assign(sizes: Mapping[str, float], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Deal out things of different sizes, so that each split gets its share and at least one.

    The largest things go first, each to the split that lacks most; the seed and the names decide
    between things of the same size. A ValueError if there are fewer things than splits.
    """
    if len(sizes) < len(shares):
        raise ValueError(f'expected at least {len(shares)}, one a split, found {len(sizes)}')
    lacking = {split: share * sum(sizes.values()) for split, share in shares.items()}
    empty = set(shares)
    splits = {}
    order = sorted(sizes, key=lambda name: (-sizes[name], _digest(seed, name)))
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        candidates = empty if left == len(empty) else lacking
        split = max((split for split in shares if split in candidates), key=lacking.__getitem__)
        splits[name] = split
        lacking[split] -= sizes[name]
        empty.discard(split)
    return splits


def divide(kinds: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Deal out names of one size, each kind in the same shares as far as numbers allow.

    Names in a random order within their kind, kind after kind, go one by one to the split that
    lacks most of what was dealt so far: :func:`assign`, which looks at the whole, would give it
    kind after kind.
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
    """Read which names are in which split from a list a split in YAML or JSON.

    A name stands as it is written: 007 is no number. It may have a file's suffix, and the folders
    above it may be left out where that leaves no doubt. A ValueError names what cannot be used.
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
    for split, written in ((split, name) for split, listed in lists.items() for name in listed):
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


def by_scene(
    scenes: Sequence[Scene],
    shares: Mapping[str, float],
    seed: int,
    guard: int,
    groups: Mapping[str, str],
) -> dict[str, str]:
    """Split whole scenes by their pixels; what overlaps or is nearer than ``guard`` stays together.

    So do those of one group by name. A ValueError says what helps if there are too few apart.
    """
    units = together(neighbours(scenes, guard), groups)
    sizes = {name: sum(s.height * s.width for s in unit) for name, unit in units.items()}
    try:
        splits = assign(sizes, shares, seed)
    except ValueError as error:
        if len(neighbours(scenes, 0)) < len(shares):
            advice = '--split block'
        elif len(together(neighbours(scenes, 0), groups)) < len(shares):
            advice = "--group '.+', which lets images with running numbers fall apart"
        else:
            advice = '--guard 0, which lets scenes touch that are in different splits'
        raise ValueError(
            f'{folder_of(scenes)}: splitting {len(scenes)} scenes by groups that lie apart: '
            f'{error}; try {advice}'
        ) from None
    return {scene.name: splits[name] for name, unit in units.items() for scene in unit}


def _meant(written: object, names: Collection[str]) -> list[str]:
    """Names that something in a list may stand for: itself, else without its suffix or folders."""
    text = str(written)
    stems = [text, text.removesuffix(PurePath(text).suffix)]
    exact = [stem for stem in stems if stem in names][:1]
    return exact or [name for name in names if any(name.endswith(f'/{stem}') for stem in stems)]


def _digest(seed: int, name: str) -> str:
    return hashlib.sha256(f'{seed} {name}'.encode()).hexdigest()
