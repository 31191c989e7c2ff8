"""Tiles of whole scenes, or of blocks of them, with the split that each goes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ...raster.tiling import Window, tile_windows
from .footprints import import_shapely, rectangles
from .neighbours import neighbours
from .scenes import Scene, folder_of
from .splits import SPLITS, assign


class Part(NamedTuple):
    """A block of a scene that goes to one split.

    ``windows`` are its tiles, which lie inside; ``near`` is how many were left out because they are
    too near another split.
    """

    scene: Scene
    split: str
    block: Window
    windows: list[Window]
    near: int = 0


def whole_scenes(
    scenes: Sequence[Scene], splits: Mapping[str, str], tile: int, overlap: int
) -> list[Part]:
    """Tile scenes that are not divided; one without a split is left out."""
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
    """Divide scenes into blocks of ``side`` pixels and deal these out to the splits.

    No tile crosses a block; the last of a row or column takes what remains. Where scenes overlap,
    blocks at the same place go to the same split. A tile that is nearer than ``guard`` pixels to a
    block of another split is left out, from train beside val and test, and from val beside test.

    Raises:
        ValueError: If there are fewer blocks than splits, a block is smaller than a tile, or no
            tile of a split is far enough from the others; the error says what helps.
    """
    if side < tile:
        raise ValueError(f'expected blocks of at least a tile, {tile} pixels, got {side}')
    families = neighbours(scenes, guard)
    places = {  # on the ground
        scene.name: _cells(_blocks(scene, side), scene, family[0], side)
        for family in families
        for scene in family
    }
    sizes = Counter[str]()
    for scene in scenes:
        for block, cell in places[scene.name]:
            sizes[cell] += block.height * block.width
    try:
        splits = assign(sizes, shares, seed)
    except ValueError as error:
        raise ValueError(
            f'{folder_of(scenes)}: splitting blocks of {side} pixels: {error}; '
            f'try {_advice(scenes, len(shares), side, tile)}'
        ) from None
    parts = []
    for family in families:
        loose = [
            Part(scene, splits[cell], block, _tiles(block, tile, overlap))
            for scene in family
            for block, cell in places[scene.name]
        ]
        parts += _guarded(loose, guard)
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
    families = neighbours(scenes, 0)
    if len(families) >= splits:
        return '--split scene --guard 0, which lets scenes touch that are in different splits'
    while side > tile:
        side = max(side // 2, tile)
        if sum(len(_blocks(family[0], side)) for family in families) >= splits:
            return f'--block {side} --guard 0'
    return 'a smaller --tile and --block'


def _tiles(block: Window, tile: int, overlap: int) -> list[Window]:
    windows = tile_windows(block.height, block.width, tile, overlap, shift=False)
    return [w._replace(y=block.y + w.y, x=block.x + w.x) for w in windows]


def _blocks(scene: Scene, side: int) -> list[Window]:
    rows, columns = (
        [*range(0, max(length - side, 0) + 1, side), length]
        for length in (scene.height, scene.width)
    )
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def _cells(
    blocks: list[Window], scene: Scene, reference: Scene, side: int
) -> list[tuple[Window, str]]:
    """Give each block the name of its place on the ground, alike for scenes that overlap."""
    shapely = import_shapely()
    centres = shapely.get_coordinates(shapely.centroid(rectangles(blocks, scene, reference)))
    names = (f'{reference.name} {x:.0f} {y:.0f}' for x, y in centres // side)
    return [*zip(blocks, names, strict=True)]


def _guarded(parts: list[Part], guard: int) -> list[Part]:
    """Leave out tiles that are too near a block of a split that comes later in ``SPLITS``."""
    shapely = import_shapely()
    reference = parts[0].scene
    boxes = [rectangles([part.block], part.scene, reference)[0] for part in parts]
    trees = {
        split: shapely.STRtree([b for b, p in zip(boxes, parts, strict=True) if p.split in later])
        for split, later in ((s, SPLITS[i + 1 :]) for i, s in enumerate(SPLITS))
    }
    guarded = []
    for part in parts:
        # tiles and blocks of one grid lie whole pixels apart: half a pixel less spares what touches
        grown = rectangles(part.windows, part.scene, reference, guard - 0.5)
        near = set(trees[part.split].query(grown, predicate='intersects')[0].tolist())
        kept = [window for i, window in enumerate(part.windows) if i not in near]
        guarded.append(part._replace(windows=kept, near=len(near)))
    return guarded
