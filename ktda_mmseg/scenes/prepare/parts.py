"""Tiles of whole scenes, or of blocks of them, with the split that each goes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ...raster.tiling import Window, tile_windows
from .footprints import import_shapely, neighbours, rectangles
from .scenes import Scene
from .splits import SPLITS, assign, folder_of


class Part(NamedTuple):
    """A part of a scene that goes to one split.

    Attributes:
        scene (Scene): The scene.
        split (str): Its split.
        block (Window): The part.
        windows (list[Window]): Its tiles, which lie inside.
        near (int): Number of tiles left out because they are too near another split.
    """

    scene: Scene
    split: str
    block: Window
    windows: list[Window]
    near: int = 0


def whole_scenes(
    scenes: Sequence[Scene], splits: Mapping[str, str], tile: int, overlap: int
) -> list[Part]:
    """Tile scenes that are not divided.

    Args:
        scenes (Sequence[Scene]): The scenes.
        splits (Mapping[str, str]): Split of each scene; one without is left out.
        tile (int): Side of a tile in pixels.
        overlap (int): What neighbouring tiles share, in pixels.

    Returns:
        list[Part]: One a scene.
    """
    blocks = [(scene, Window(0, 0, scene.height, scene.width)) for scene in scenes]
    return [
        Part(scene, splits[scene.name], block, _tiles(block, tile, overlap))
        for scene, block in blocks
        if scene.name in splits
    ]


def blocks(
    scenes: Sequence[Scene],
    shares: Mapping[str, float],
    seed: int,
    side: int,
    guard: int,
    tile: int,
    overlap: int,
) -> list[Part]:
    """Divide scenes into blocks and deal these out to the splits.

    No tile crosses a block. Where scenes overlap, blocks at the same place go to the same split. A
    tile that is nearer than ``guard`` to a block of another split is left out, from train beside
    val and test, and from val beside test.

    Args:
        scenes (Sequence[Scene]): The scenes.
        shares (Mapping[str, float]): Share of each split, of the pixels.
        seed (int): Another seed gives another draw.
        side (int): Side of a block in pixels; the last of a row or column takes what remains.
        guard (int): Distance in pixels, from 0; at 0, tiles of different splits may touch.
        tile (int): Side of a tile in pixels, at most ``side``.
        overlap (int): What neighbouring tiles share, in pixels.

    Returns:
        list[Part]: One a block.

    Raises:
        ValueError: If there are fewer blocks than splits, a block is smaller than a tile, or no
            tile of a split is far enough from the others.
    """
    if side < tile:
        raise ValueError(f'expected blocks of at least a tile, {tile} pixels, got {side}')
    places: list[_Place] = []
    for group in neighbours(scenes, guard):
        for scene in group:
            windows = _blocks(scene, side)
            cells = _cells(windows, scene, group[0], side)
            places += [_Place(group[0], scene, *p) for p in zip(windows, cells, strict=True)]
    sizes = Counter[str]()
    for place in places:
        sizes[place.cell] += place.block.height * place.block.width
    try:
        splits = assign(sizes, shares, seed)
    except ValueError as error:
        raise ValueError(
            f'{folder_of(scenes)}: splitting blocks of {side} pixels: {error}; '
            f'try {_advice(scenes, len(shares), side, tile)}'
        ) from None
    groups: dict[str, list[Part]] = {}
    for place in places:
        tiles = _tiles(place.block, tile, overlap)
        part = Part(place.scene, splits[place.cell], place.block, tiles)
        groups.setdefault(place.reference.name, []).append(part)
    parts = [part for group in groups.values() for part in _guarded(group, guard)]
    lacking = sorted(set(shares) - {part.split for part in parts if part.windows})
    if lacking:
        raise ValueError(
            f'{folder_of(scenes)}: expected tiles for {", ".join(lacking)}, found none that is '
            f'{guard} pixels from other splits; try a larger --block, or --guard 0, which lets '
            'tiles of different splits touch'
        )
    return parts


def _advice(scenes: Sequence[Scene], splits: int, side: int, tile: int) -> str:
    """Say what would divide scenes that are too few blocks."""
    if len(neighbours(scenes, 0)) >= splits:
        return '--split scene --guard 0, which lets scenes touch that are in different splits'
    while side > tile:
        side = max(side // 2, tile)
        if sum(len(_blocks(group[0], side)) for group in neighbours(scenes, 0)) >= splits:
            return f'--block {side} --guard 0'
    return 'a smaller --tile and --block'


class _Place(NamedTuple):
    reference: Scene
    scene: Scene
    block: Window
    cell: str


def _tiles(block: Window, tile: int, overlap: int) -> list[Window]:
    windows = tile_windows(block.height, block.width, tile, overlap, shift=False)
    return [w._replace(y=block.y + w.y, x=block.x + w.x) for w in windows]


def _blocks(scene: Scene, side: int) -> list[Window]:
    rows, columns = (_edges(length, side) for length in (scene.height, scene.width))
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def _edges(length: int, side: int) -> list[int]:
    return [*range(0, max(length - side, 0) + 1, side), length]


def _cells(windows: list[Window], scene: Scene, reference: Scene, side: int) -> list[str]:
    """Name the place on the ground of each block, alike for scenes that overlap."""
    boxes = rectangles(windows, scene, reference)
    centres = import_shapely().get_coordinates(import_shapely().centroid(boxes))
    return [f'{reference.name} {x:.0f} {y:.0f}' for x, y in centres // side]


def _guarded(group: list[Part], guard: int) -> list[Part]:
    """Leave out tiles that are too near a block of a split that comes later in ``SPLITS``."""
    shapely = import_shapely()
    boxes = [rectangles([part.block], part.scene, group[0].scene)[0] for part in group]
    trees = {
        split: shapely.STRtree([b for b, p in zip(boxes, group, strict=True) if p.split in later])
        for split, later in ((s, SPLITS[i + 1 :]) for i, s in enumerate(SPLITS))
    }
    parts = []
    for part in group:
        # tiles and blocks of one grid lie whole pixels apart: half a pixel less spares what touches
        grown = rectangles(part.windows, part.scene, group[0].scene, guard - 0.5)
        near = set(trees[part.split].query(grown, predicate='intersects')[0].tolist())
        kept = [window for i, window in enumerate(part.windows) if i not in near]
        parts.append(part._replace(windows=kept, near=len(near)))
    return parts
