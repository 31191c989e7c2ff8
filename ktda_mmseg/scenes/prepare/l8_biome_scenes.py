"""The 96 scenes of L8-Biome as USGS publishes them: tiles, in splits that share no scene."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from ...raster.tiling import Window, tile_windows
from .division import divide, read_division
from .l8_biome_pixels import Encoding, make_tile
from .landsat_scene import Scene
from .layout import Job, Tile

SHARES = {'train': 0.6, 'val': 0.2, 'test': 0.2}


def divide_scenes(
    scenes: list[Scene], lists: Path | None, seed: int
) -> tuple[dict[str, str], list[str]]:
    """Put each scene into one split: by lists, or 60 to 20 to 20 with each biome alike.

    Args:
        scenes (list[Scene]): The scenes.
        lists (Path | None): YAML or JSON with a list of scenes for each split.
        seed (int): Without lists: another seed, another division; at least 0.

    Returns:
        tuple[dict[str, str], list[str]]: Split of each scene, and what the user should know.

    Raises:
        FileNotFoundError: If there is no such file of lists.
        ValueError: If it cannot be used.
    """
    biomes = {scene.name: scene.biome or '' for scene in scenes}
    if lists is None:
        division = divide(biomes, SHARES, seed)
        note = "divided by biome and seed, since the authors' lists are not published"
    else:
        division = read_division(lists, biomes, SHARES)
        note = f'{len(biomes) - len(division)} not in {lists}, left out'
    counts = [f'{[*division.values()].count(split)} {split}' for split in SHARES]
    return division, [f'scenes: {", ".join(counts)}; {note}']


def scene_jobs(
    scenes: list[Scene], division: dict[str, str], encoding: Encoding, tile: int
) -> list[Job]:
    """List the scenes' tiles, one job a row of tiles.

    Tiles are called ``<biome>_<scene>_patch_<y>_<x>`` after their first pixel. Those without any
    data are left out.

    Args:
        scenes (list[Scene]): The scenes.
        division (dict[str, str]): Split of each scene; one without is left out.
        encoding (Encoding): How to store a tile.
        tile (int): Side of a tile in pixels, at least 1.

    Returns:
        list[Job]: The jobs, scene by scene.
    """
    return [
        Job(
            division[scene.name],
            tuple(_name(scene, window) for window in row),
            make,
            scene.name,
            tuple(row),
        )
        for scene in scenes
        if scene.name in division
        for row, make in _rows(scene, tile, encoding)
    ]


def _rows(
    scene: Scene, tile: int, encoding: Encoding
) -> Iterator[tuple[list[Window], partial[Iterator[Tile | None]]]]:
    windows = tile_windows(*scene.shape, tile)
    for _, row in groupby(windows, key=lambda window: window.y):
        side_by_side = [*row]
        yield side_by_side, partial(_tiles, scene, side_by_side, encoding)


def _tiles(scene: Scene, windows: list[Window], encoding: Encoding) -> Iterator[Tile | None]:
    parts = scene.read(encoding.bands, windows)
    for window, (values, labels) in zip(windows, parts, strict=True):
        place = scene.place and scene.place.at(window)
        yield make_tile(values, labels, scene.mask, encoding, place)


def _name(scene: Scene, window: Window) -> str:
    title = '_'.join(filter(None, (scene.biome, scene.name)))
    return f'{title}_patch_{window.y}_{window.x}'
