"""Which scenes stay in one split: those near each other on the ground, or by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .footprints import convertible, import_shapely, outline, related
from .listing import shared_end
from .scenes import Scene

# what images that were cut from one have besides: '_0001', '_r3_c7', '-y00512_x01024', or '17'
RUNNING = re.compile(r'(?:[_\-. ][a-z]{0,3}\d+)+$|\d+$', re.IGNORECASE)
DENSE = 4  # numbers run if one difference makes up a part of this many of all
WHOLE = 1.5  # of the smallest share: what larger groups are cut at


def neighbours(scenes: Sequence[Scene], guard: int) -> list[list[Scene]]:
    """Group scenes that overlap or are fewer than ``guard`` pixels apart, along rows or columns.

    Scenes without georeference stand alone, and scenes whose systems have no relation, as a
    building site's own grid has none to UTM, are never near each other. Order is kept.
    """
    if guard < 0:
        raise ValueError(f'expected a guard of at least 0 pixels, got {guard}')
    placed = [scene for scene in scenes if scene.place is not None and scene.place.anchored]
    groups = [[scene] for scene in scenes if scene not in placed]
    # each grows by half; pixels of one grid lie whole numbers apart, so what touches is spared
    grow = (guard - 0.5) / 2
    for members in related([scene.ground().crs for scene in placed]):
        shapely = import_shapely()
        family = [placed[number] for number in members]
        crs = _common_crs(family)
        outlines = shapely.polygons(
            [outline(s.height, s.width, s.ground(), crs, grow) for s in family]
        )
        near = shapely.STRtree(outlines).query(outlines, predicate='intersects')
        graph = coo_array((np.ones(near.shape[1]), near), (len(family), len(family)))
        connected: dict[int, list[Scene]] = {}  # numbered by their first members
        for scene, number in zip(family, connected_components(graph)[1], strict=True):
            connected.setdefault(number, []).append(scene)
        groups += connected.values()
    return groups


def by_pattern(scenes: Sequence[Scene], pattern: str) -> dict[str, str]:
    """Name the group of each image by a regular expression's first group, or all that it finds.

    An image that it does not fit is a group of its own; a ValueError if it fits none.
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

    Names that are alike but for numbers at their end are a group of two or more. One that is large
    beside the smallest share is cut into as many runs of successive numbers as there are splits,
    in an order that the seed tells, so that few neighbours fall apart.
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


def together(
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


def _common_crs(scenes: Sequence[Scene]) -> Any:  # noqa: ANN401
    from rasterio.crs import CRS

    systems = [*dict.fromkeys(crs for s in scenes if (crs := s.ground().crs) is not None)]
    if len(systems) < 2:
        return next(iter(systems), None)
    globe = CRS.from_epsg(4326)
    return globe if convertible(systems[0], globe) else systems[0]


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
