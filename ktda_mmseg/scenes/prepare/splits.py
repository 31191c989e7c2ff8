"""Which split a scene belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from os.path import commonpath
from pathlib import Path

from .footprints import neighbours
from .scenes import Scene

SPLITS = ('train', 'val', 'test')


def shares(val: float, test: float) -> dict[str, float]:
    """Return the share of each split that is not empty.

    Args:
        val (float): Share of the validation split, from 0.
        test (float): Share of the test split, from 0.

    Raises:
        ValueError: If one is negative or nothing remains for training.
    """
    if min(val, test) < 0 or val + test >= 1:
        raise ValueError(
            f'expected shares of val and test from 0 and below 1 together, got {val} and {test}'
        )
    parts = zip(SPLITS, (1 - val - test, val, test), strict=True)
    return {split: share for split, share in parts if share > 0}


def assign(sizes: Mapping[str, float], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Deal things out to splits, so that each split gets its share and at least one thing.

    The largest things go first, each to the split that lacks most; the seed and the names decide
    between things of the same size.

    Args:
        sizes (Mapping[str, float]): Size of each thing by name.
        shares (Mapping[str, float]): Share of each split, above 0.
        seed (int): Another seed gives another draw.

    Returns:
        dict[str, str]: Split of each thing.

    Raises:
        ValueError: If there are fewer things than splits.
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


def by_scene(
    scenes: Sequence[Scene],
    shares: Mapping[str, float],
    seed: int,
    guard: int,
    groups: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Split whole scenes; those that overlap or are nearer than a distance stay together.

    Args:
        scenes (Sequence[Scene]): The scenes.
        shares (Mapping[str, float]): Share of each split, of the pixels.
        seed (int): Another seed gives another draw.
        guard (int): The distance in pixels; 0 lets scenes touch that are in different splits.
        groups (Mapping[str, str] | None): Groups by name that stay together too; scenes without
            one are only kept with their neighbours. Default: None.

    Returns:
        dict[str, str]: Split of each scene.

    Raises:
        ValueError: If there are fewer groups of scenes than splits; the error says what helps.
    """
    groups = groups or {}
    together = _together(neighbours(scenes, guard), groups)
    sizes = {name: sum(s.height * s.width for s in group) for name, group in together.items()}
    try:
        splits = assign(sizes, shares, seed)
    except ValueError as error:
        if len(_together(neighbours(scenes, 0), {})) < len(shares):
            advice = '--split block'
        elif len(_together(neighbours(scenes, 0), groups)) < len(shares):
            advice = "--group '.+', which lets images with running numbers fall apart"
        else:
            advice = '--guard 0, which lets scenes touch that are in different splits'
        raise ValueError(
            f'{folder_of(scenes)}: splitting {len(scenes)} scenes by groups that lie apart: '
            f'{error}; try {advice}'
        ) from None
    return {scene.name: splits[name] for name, group in together.items() for scene in group}


def folder_of(scenes: Sequence[Scene]) -> Path:
    """Return the folder that scenes lie in, for messages."""
    return Path(commonpath([scene.path.parent for scene in scenes]))


def _together(
    neighbourhoods: Sequence[list[Scene]], groups: Mapping[str, str]
) -> dict[str, list[Scene]]:
    """Join neighbourhoods that share a group; each is named by its first scene."""
    joined: dict[str, list[Scene]] = {}
    first: dict[str, str] = {}
    for scenes in neighbourhoods:
        shared = {groups[scene.name] for scene in scenes if scene.name in groups}
        homes = list(dict.fromkeys(first[group] for group in sorted(shared) if group in first))
        merged = [scene for home in homes for scene in joined.pop(home)] + scenes
        joined[merged[0].name] = merged
        held = {group for group, home in first.items() if home in homes}
        first.update(dict.fromkeys(shared | held, merged[0].name))
    return joined


def _digest(seed: int, name: str) -> str:
    return hashlib.sha256(f'{seed} {name}'.encode()).hexdigest()
