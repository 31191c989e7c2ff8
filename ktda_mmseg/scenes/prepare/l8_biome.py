"""L8-Biome clouds, from full Landsat 8 scenes or from the sample of tiles, with class masks."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.l8_biome import L8BiomeDataset
from ...raster.files import Georeference, open_raster, read_window
from ...raster.stretch import Stretch, to_bytes
from ...raster.tiling import Window, tile_windows
from .jobs import Job, Tile
from .label_map import class_mask
from .landsat_scene import LandsatScene, find_landsat_scenes
from .layout import write_layout
from .pairing import pair_files
from .splits import SPLITS, divide, read_division
from .summary import IGNORE, Summary

RGB = ('red', 'green', 'blue')
ALL = (*RGB, 'nir', 'swir1', 'swir2', 'cirrus', 'tir1')
# reflectance in 1/10,000 as USGS stores it; temperature in 1/100 kelvin, so that 655 K fit 16 bits
SCALES = dict.fromkeys(ALL[:-1], 10_000) | {'tir1': 100}
NODATA = 0
USGS_LABELS = {'Clear': 128, 'Cloud Shadow': 64, 'Thin Cloud': 192, 'Cloud': 255}
FILL = 0
INDICES = {FILL: IGNORE} | {
    USGS_LABELS[name]: index for index, name in enumerate(L8BiomeDataset.METAINFO['classes'])
}


class Encoding(NamedTuple):
    """How values become a tile's image.

    ``bands`` are those it takes, of ``ALL``; ``nodata`` is the value of pixels without data, None
    where only the mask tells; ``image`` makes (H, W, C) of (C, H, W) float32, NaN without data;
    ``settings`` are what to record beside the set.
    """

    bands: tuple[str, ...]
    suffix: str
    nodata: int | None
    image: Callable[[np.ndarray], np.ndarray]
    settings: dict[str, Any]


def choose_encoding(bands: str, stretching: str) -> Encoding:
    """Choose 8-bit 'rgb', stretched by 'minmax' or 'LOW,HIGH' in reflectance, or 'all' in 16 bits.

    A ValueError if an argument is none of these, or 'all' comes with a stretch.
    """
    limits = None
    if stretching != 'minmax':
        try:
            limits = Stretch.parse(stretching)
        except ValueError:
            limits = None
        if limits is None or limits.percent:
            raise ValueError(
                f"expected stretch to be 'minmax' or LOW,HIGH in reflectance, such as 0,0.4, "
                f'got {stretching!r}'
            )
    if bands == 'rgb':
        ends = limits and limits[:2]
        return Encoding(RGB, '.png', None, partial(stretch, limits=ends), {'stretch': stretching})
    if bands != 'all' or limits:
        raise ValueError(
            f"expected bands 'rgb', or 'all' without a stretch, got {bands!r} with {stretching!r}"
        )
    return Encoding(ALL, '.tif', NODATA, encode, {'scales': SCALES})


def make_tile(
    values: np.ndarray,
    labels: np.ndarray,
    path: Path,
    encoding: Encoding,
    georeference: Georeference | None = None,
) -> Tile | None:
    """Make a tile of values (C, H, W), float32, and the USGS mask (H, W) of a file.

    A pixel that lacks a band or a label is without data in both; None if no pixel has data.
    """
    mask = class_mask(labels, INDICES, path, f'mask values {sorted(INDICES)}')
    empty = (labels == FILL) | ~np.isfinite(values).all(0)
    if empty.all():
        return None
    image = encoding.image(np.where(empty, np.float32(np.nan), values))
    return Tile(image, np.where(empty, np.uint8(IGNORE), mask), georeference, encoding.nodata)


def stretch(bands: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Stretch reflectance (3, H, W), NaN without data, to RGB (H, W, 3), uint8; all bands alike.

    By default to the minimum and maximum over all bands of the tile, as the authors made theirs
    (Cloud-Adapter, ``dataset/l8_biome_crop.py`` and ``tools/convert_datasets/create_l8.py``).
    """
    low, high = limits or (np.nanmin(bands), np.nanmax(bands))
    return to_bytes(bands, low, high).transpose(1, 2, 0)


def encode(bands: np.ndarray) -> np.ndarray:
    """Store the bands of ``ALL`` (8, H, W) as (H, W, 8), uint16, 1 to 65,535; 0 without data."""
    scaled = np.rint(bands * np.array([*SCALES.values()], np.float32)[:, None, None]).clip(1, 65535)
    return np.nan_to_num(scaled, nan=NODATA).astype(np.uint16).transpose(1, 2, 0)


TILE = 512
SHARES = {'train': 0.6, 'val': 0.2, 'test': 0.2}
# Landsat's own order. The sample's source says red, green, blue; but water darkens and dry grass
# brightens from the first band to the third, over dark water from 0.12 to 0.04, as they do from
# blue to red.
FILE_BANDS = ('blue', 'green', 'red', *ALL[3:])


def prepare(
    source: Path,
    out: Path | None = None,
    bands: str = 'rgb',
    stretch: str = 'minmax',
    tile: int | None = None,
    splits: Path | None = None,
    seed: int = 0,
    workers: Workers = HERE,
) -> Summary:
    """Write tiles as 8-bit RGB, or with eight bands in 16 bits, and their masks.

    Bands: red, green, blue, NIR, SWIR1, SWIR2, cirrus, TIR1. In 16 bits reflectance is stored in
    1/10,000, TIR1 in 1/100 kelvin, and 0 is nodata.

    Args:
        source (Path): Folder with scenes as USGS publishes them, ``LC8*/`` in it or below it, with
            ``LC8*_B*.TIF``, ``LC8*_MTL.txt`` and ``LC8*_fixedmask.img``; or that of the sample,
            ``{train,val,test}/{Images,Masks}/*.tif``.
        out (Path | None): Folder to create. Default: ``data/l8_biome``, with ``_sample`` and
            ``_8band`` added as they apply.
        bands (str): 'rgb' or 'all'. Default: 'rgb'.
        stretch (str): For RGB: 'minmax', per tile as the authors did, or 'LOW,HIGH', the
            reflectance that becomes 0 and 255. Default: 'minmax'.
        tile (int | None): Side of a scene's tiles in pixels. Default: 512.
        splits (Path | None): YAML or JSON with a list of scenes for each of train, val and test.
            Default: 60 to 20 to 20, each biome alike.
        seed (int): Another seed, another division of the scenes. Default: 0.
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written, and what was left out.

    Raises:
        FileNotFoundError: If a folder or a file is missing.
        ImportError: If rasterio is not installed.
        ValueError: If an argument is outside its range, a file cannot be read, sizes differ, or a
            mask holds a value that is no label.
    """
    encoding = choose_encoding(bands, stretch)
    settings: dict[str, object] = {'set': 'l8_biome', 'source': str(source.resolve())}
    settings |= {'bands': [*encoding.bands]} | encoding.settings
    if is_sample(source):
        if tile is not None or splits or seed:
            raise ValueError(f'{source}: expected scenes to tile and divide, found the sample')
        name = 'l8_biome_sample'
        jobs, notes = sample_jobs(source, encoding)
    elif scenes := find_landsat_scenes(source):
        name = 'l8_biome'
        division, notes = divide_scenes(scenes, splits, seed)
        size = TILE if tile is None else tile
        jobs = scene_jobs(scenes, division, encoding, size)
        settings |= {'tile': size, 'splits': division}
    else:
        raise FileNotFoundError(
            f'{source}: expected scenes in folders LC8*, each with files LC8*_B4.TIF, '
            f'LC8*_MTL.txt and so on, or tiles in {{train,val,test}}/Images; found neither'
        )
    out = out or Path('data', name + ('_8band' if bands == 'all' else ''))
    classes = L8BiomeDataset.METAINFO['classes']
    summary = write_layout(out, jobs, settings, classes, encoding.suffix, workers)
    summary.notes += notes
    return summary


def is_sample(source: Path) -> bool:
    """Say whether a folder is laid out like the sample, as far as one can see from outside."""
    return any((source / split / 'Images').is_dir() for split in SPLITS)


def sample_jobs(source: Path, encoding: Encoding) -> tuple[list[Job], list[str]]:
    """Give a job a tile of the sample, and what the user should know."""
    jobs: list[Job] = []
    notes: list[str] = []
    for split in SPLITS:
        pairs, lone = pair_files(source / split, 'Images/*.tif', 'Masks/*.tif')
        if lone:
            notes.append(f'{split}: {len(lone)} masks without an image, left out')
        jobs += [Job(split, (n,), partial(_sample_tile, *pairs[n], encoding)) for n in pairs]
    return jobs, notes


def divide_scenes(
    scenes: list[LandsatScene], lists: Path | None, seed: int
) -> tuple[dict[str, str], list[str]]:
    """Put each scene into one split, by lists or by shares, and say what the user should know."""
    biomes = {scene.name: scene.biome or '' for scene in scenes}
    if lists is None:
        division = divide(biomes, SHARES, seed)
        note = "divided by biome and seed, since the authors' lists are not published"
    else:
        division = read_division(lists, biomes, SPLITS)
        note = f'{len(biomes) - len(division)} not in {lists}, left out'
    counts = [f'{[*division.values()].count(split)} {split}' for split in SPLITS]
    return division, [f'scenes: {", ".join(counts)}; {note}']


def scene_jobs(
    scenes: list[LandsatScene], division: dict[str, str], encoding: Encoding, tile: int
) -> list[Job]:
    """Give a job a row of tiles of each scene that is in a split; tiles without data are left out.

    Tiles are called ``<biome>_<scene>_patch_<y>_<x>`` after their first pixel.
    """
    jobs = []
    for scene in scenes:
        if scene.name not in division:
            continue
        title = '_'.join(filter(None, (scene.biome, scene.name)))
        for _, row in groupby(tile_windows(*scene.shape, tile), key=lambda window: window.y):
            windows = tuple(row)
            names = tuple(f'{title}_patch_{window.y}_{window.x}' for window in windows)
            make = partial(_scene_tiles, scene, windows, encoding)
            jobs.append(Job(division[scene.name], names, make, scene.name, windows))
    return jobs


def _sample_tile(image: Path, mask: Path, encoding: Encoding) -> list[Tile | None]:
    with open_raster(image) as raster:
        values = read_window(raster, bands=[FILE_BANDS.index(b) + 1 for b in encoding.bands])
    with open_raster(mask) as raster:
        labels = read_window(raster, bands=[1])[0]
    if values.shape[1:] != labels.shape:
        raise ValueError(
            f'{mask}: expected the size of its image, {values.shape[1:]}, found {labels.shape}'
        )
    return [make_tile(values, labels, mask, encoding)]


def _scene_tiles(
    scene: LandsatScene, windows: Sequence[Window], encoding: Encoding
) -> Iterator[Tile | None]:
    parts = scene.read(encoding.bands, windows)
    for window, (values, labels) in zip(windows, parts, strict=True):
        place = scene.place and scene.place.at(window)
        yield make_tile(values, labels, scene.mask, encoding, place)
