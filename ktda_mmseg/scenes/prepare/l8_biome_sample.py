"""The L8-Biome sample: 8-band tiles in three splits, with USGS masks."""

from functools import partial
from pathlib import Path

import numpy as np

from ...raster.files import open_raster, read_window
from .l8_biome_pixels import ALL, Encoding, make_tile
from .layout import Job, Tile

SPLITS = ('train', 'val', 'test')
# Landsat's own order. Its source says red, green, blue; but water darkens and dry grass brightens
# from the first band to the third, over dark water from 0.12 to 0.04, as they do from blue to red.
FILE_BANDS = ('blue', 'green', 'red', *ALL[3:])


def is_sample(source: Path) -> bool:
    """Say whether a folder is laid out like the sample, as far as one can see from outside."""
    return any((source / split / 'Images').is_dir() for split in SPLITS)


def sample_jobs(source: Path, encoding: Encoding) -> tuple[list[Job], list[str]]:
    """List the sample's tiles; masks without an image are left out and reported.

    Args:
        source (Path): Folder with ``{train,val,test}/{Images,Masks}/*.tif``.
        encoding (Encoding): How to store a tile.

    Returns:
        tuple[list[Job], list[str]]: One job a tile, and what the user should know.

    Raises:
        FileNotFoundError: If a folder is missing or empty, or an image has no mask.
    """
    jobs: list[Job] = []
    notes: list[str] = []
    for split in SPLITS:
        images, masks = (_stems(source / split / kind) for kind in ('Images', 'Masks'))
        if images - masks:
            raise FileNotFoundError(
                f'{source / split / "Masks"}: expected a mask for each image, found none for '
                f'{len(images - masks)}: {", ".join(sorted(images - masks)[:5])}'
            )
        if masks - images:
            notes.append(f'{split}: {len(masks - images)} masks without an image, left out')
        for name in sorted(images):
            jobs.append(Job(split, (name,), partial(_tile, source / split, name, encoding)))
    return jobs, notes


def _tile(folder: Path, name: str, encoding: Encoding) -> list[Tile | None]:
    image_path, mask_path = (folder / kind / f'{name}.tif' for kind in ('Images', 'Masks'))
    values = _read(image_path, [FILE_BANDS.index(band) + 1 for band in encoding.bands])
    labels = _read(mask_path, [1])[0]
    if values.shape[1:] != labels.shape:
        raise ValueError(
            f'{mask_path}: expected the size of its image, {values.shape[1:]}, found {labels.shape}'
        )
    return [make_tile(values, labels, mask_path, encoding)]


def _read(path: Path, bands: list[int]) -> np.ndarray:
    with open_raster(path) as raster:
        return read_window(raster, bands=bands)


def _stems(folder: Path) -> set[str]:
    stems = {path.stem for path in folder.glob('*.tif')}
    if not stems:
        raise FileNotFoundError(f'{folder}: expected .tif files, found no folder or none in it')
    return stems
