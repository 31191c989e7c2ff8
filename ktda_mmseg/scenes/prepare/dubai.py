"""Dubai land cover: mosaics with colour masks to tiles with class masks, split by mosaic."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.dubai import DubaiDataset
from ...raster.tiling import Window, tile_windows
from .jobs import Job, Tile
from .label_map import class_mask
from .layout import write_layout
from .pairing import pair_all
from .summary import IGNORE, Summary

# the parts of one "Tile n" folder form one contiguous mosaic, so no folder is in two splits
SPLITS = {'train': (1, 3, 6, 8), 'val': (4,), 'test': (2, 5, 7)}
IGNORED = (0x9B9B9B, 0)  # unlabelled, and black pixels at the mosaics' rims
INDICES = dict.fromkeys(IGNORED, IGNORE) | {
    int.from_bytes(bytes(colour), 'big'): index
    for index, colour in enumerate(DubaiDataset.METAINFO['palette'])
}


def prepare(out: Path, source: Path, tile: int = 512, workers: Workers = HERE) -> Summary:
    """Cut the images into tiles and turn the masks' colours into class indices.

    Args:
        out (Path): Folder to create.
        source (Path): Folder with ``Tile 1..8/{images/*.jpg,masks/*.png}``.
        tile (int): Side of a tile in pixels; a shorter image gives a shorter tile. Default: 512.
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written.

    Raises:
        FileNotFoundError: If a folder is missing or empty, or an image or mask is missing.
        ValueError: If a file cannot be read, sizes differ or a mask holds an unknown colour.
    """
    jobs = []
    for split, numbers in SPLITS.items():
        for number in numbers:
            folder = source / f'Tile {number}'
            for image, mask in pair_all(folder, 'images/*.jpg', 'masks/*.png').values():
                width, height = _size(image)
                windows = tile_windows(height, width, tile)
                part = f'tile{number}_{image.stem.removeprefix("image_")}'
                names = tuple(f'{part}_y{w.y:04d}_x{w.x:04d}' for w in windows)
                make = partial(_tiles, image, mask, windows)
                jobs.append(Job(split, names, make, part, tuple(windows)))
    settings = {'set': 'dubai', 'source': str(source.resolve()), 'tile': tile}
    return write_layout(out, jobs, settings, DubaiDataset.METAINFO['classes'], workers=workers)


def dubai_mask(colours: np.ndarray, path: Path) -> np.ndarray:
    """Map a mask's published colours, (H, W, 3), uint8, to class indices, unlabelled to 255."""
    codes = colours.astype(np.int64) @ (1 << 16, 1 << 8, 1)
    return class_mask(codes, INDICES, path, 'the colours of the Dubai set', '#{:06X}'.format)


def _tiles(image_path: Path, mask_path: Path, windows: list[Window]) -> list[Tile]:
    image, colours = (_read(path) for path in (image_path, mask_path))
    if image.shape != colours.shape:
        raise ValueError(
            f'{mask_path}: expected the size of its image, {image.shape[:2]}, '
            f'found {colours.shape[:2]}'
        )
    labels = dubai_mask(colours, mask_path)
    return [Tile(window.cut(image), window.cut(labels)) for window in windows]


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise ValueError(f'{path}: expected a complete image, found: {error}') from None


def _read(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert('RGB'))
    except (OSError, SyntaxError) as error:  # Pillow calls a broken PNG a syntax error
        raise ValueError(f'{path}: expected a complete image, found: {error}') from None
