"""Which images are neighbours by their names, where they do not say where they lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from os.path import commonprefix

from .scenes import Scene

# what images that were cut from one have besides: '_0001', '_r3_c7', '-y00512_x01024', or '17'
RUNNING = re.compile(r'(?:[_\-. ][a-z]{0,3}\d+)+$|\d+$', re.IGNORECASE)
DENSE = 4  # numbers run if one difference makes up a part of this many of all
WHOLE = 1.5  # of the smallest share: what larger groups are cut at


def by_pattern(scenes: Sequence[Scene], pattern: str) -> dict[str, str]:
    """Name the group of each image by a regular expression.

    Args:
        scenes (Sequence[Scene]): The images.
        pattern (str): What is searched for in a name; its first group, or all of it, is the group.

    Returns:
        dict[str, str]: Groups by names; an image that it does not fit is a group of its own.

    Raises:
        ValueError: If it is no regular expression, or fits no name.
    """
    try:
        shape = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f'expected a regular expression as --group, got {pattern!r}: {error}'
        ) from None
    fits = {scene.name: shape.search(scene.name) for scene in scenes}
    if not any(fits.values()):
        raise ValueError(
            f'expected --group to fit names of images, got {pattern!r}, which does not fit '
            f'{scenes[0].name}'
        )
    return {
        name: name if fit is None else fit[min(1, shape.groups)] or name
        for name, fit in fits.items()
    }


def by_numbers(scenes: Sequence[Scene], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Guess which images without georeference were cut from one, by running numbers.

    Names that are alike but for numbers at their end are a group. One that is large beside the
    smallest share is cut into as many runs of successive numbers as there are splits, so that few
    neighbours fall apart.

    Args:
        scenes (Sequence[Scene]): The images.
        shares (Mapping[str, float]): Share of each split.
        seed (int): Another seed, another order of the runs.

    Returns:
        dict[str, str]: Groups by names, of the images that are in a group of two or more.
    """
    families: dict[str, list[tuple[tuple[int, ...], str]]] = {}
    unplaced = [scene.name for scene in scenes if scene.place is None]
    shared = shared_end(unplaced)  # as '_image' in '12_image'
    for name in unplaced:
        tail = RUNNING.search(name.removesuffix(shared))
        if tail:
            numbers = tuple(map(int, re.findall(r'\d+', tail[0])))
            families.setdefault(name[: tail.start()], []).append((numbers, name))
    groups: dict[str, str] = {}
    for family, members in families.items():
        members.sort()
        if len(members) < 2 or not _run([numbers for numbers, _ in members]):
            continue
        names = [name for _, name in members]
        if len(names) <= WHOLE * min(shares.values()) * len(scenes):
            groups.update(dict.fromkeys(names, f'{family}*'))
        else:
            groups.update(_cut(names, [*shares.values()], seed))
    return groups


def shared_start(names: Collection[str]) -> str:
    """Return what all of two or more names begin with, without digits at its end."""
    shared = commonprefix([*names]) if len(names) > 1 else ''  # noqa: RUF071  (no paths)
    return shared.rstrip('0123456789')


def shared_end(names: Collection[str]) -> str:
    """Return what all of two or more names end with, without digits at its beginning."""
    return shared_start([name[::-1] for name in names])[::-1]


def _run(numbers: Sequence[tuple[int, ...]]) -> bool:
    """Tell numbers of pieces from numbers that just name things."""
    if len(numbers[0]) > 1:
        return True
    steps = Counter(later[0] - number[0] for number, later in pairwise(numbers))
    return DENSE * max(steps.values()) >= len(numbers) - 1


def _cut(names: Sequence[str], shares: Sequence[float], seed: int) -> dict[str, str]:
    """Cut a row of names into runs, a share each, but none empty where there are enough."""
    turn = seed % len(shares)
    lengths = [*shares[turn:], *shares[:turn]]
    edges = [round(sum(lengths[:index]) * len(names)) for index in range(len(lengths) + 1)]
    for index in range(1, len(lengths)):
        edges[index] = max(edges[index], edges[index - 1] + 1)
    for index in range(len(lengths) - 1, 0, -1):
        edges[index] = max(0, min(edges[index], edges[index + 1] - 1))
    return {
        name: f'{names[start]} to {names[stop - 1]}'
        for start, stop in pairwise(edges)
        for name in names[start:stop]
    }
