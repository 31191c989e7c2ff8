"""Landsat 8 cloud tiles: 8-band reflectance with USGS masks to RGB tiles with class masks."""

from functools import partial
from pathlib import Path

import numpy as np

from ..l8_biome import L8BiomeDataset
from .layout import IGNORE, Job, Summary, Tile, write_layout

SPLITS = ('train', 'val', 'test')
RGB = (1, 2, 3)  # the sample's first bands are red, green, blue
USGS_LABELS = {
    'Clear': 128,
    'Cloud Shadow': 64,
    'Thin Cloud': 192,
    'Cloud': 255,
}
FILL = 0


def prepare(out: Path, source: Path) -> Summary:
    """Write the sample's tiles as 8-bit RGB; masks without an image are left out and reported.

    Args:
        out (Path): Folder to create.
        source (Path): Folder with ``{train,val,test}/{Images,Masks}/*.tif``.

    Returns:
        Summary: What was written, and how many masks had no image.

    Raises:
        FileNotFoundError: If a folder is missing or empty, or an image has no mask.
        ImportError: If rasterio is not installed.
        ValueError: If a file cannot be read, sizes differ or a mask holds another value.
    """
    classes = L8BiomeDataset.METAINFO['classes']
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
        jobs += [Job(split, (n,), partial(_tile, source / split, n)) for n in sorted(images)]
    settings = {'set': 'l8_biome', 'source': str(source.resolve())}
    summary = write_layout(out, jobs, settings, classes)
    summary.notes += notes
    return summary


def stretch(bands: np.ndarray) -> np.ndarray:
    """Stretch reflectance to 8 bits by the minimum and maximum over all bands of the tile.

    This is how the authors made theirs (Cloud-Adapter, ``tools/convert_datasets/create_l8.py``).

    Args:
        bands (np.ndarray): Reflectance (3, H, W), float.

    Returns:
        np.ndarray: RGB (H, W, 3), uint8; zeros where the tile is constant.
    """
    low, high = bands.min(), bands.max()
    unit = (bands - low) / (high - low if high > low else 1)
    return (unit * 255).astype(np.uint8).transpose(1, 2, 0)


def class_mask(labels: np.ndarray, path: Path) -> np.ndarray:
    """Map USGS mask values to class indices, fill to 255.

    Args:
        labels (np.ndarray): USGS mask (H, W), uint8.
        path (Path): Its file, named in the error.

    Returns:
        np.ndarray: Indices into the classes of ``L8BiomeDataset``, (H, W), uint8.

    Raises:
        ValueError: If another value occurs.
    """
    known = [FILL, *USGS_LABELS.values()]
    wrong = labels[~np.isin(labels, known)]
    if wrong.size:
        values, counts = np.unique(wrong, return_counts=True)
        found = ', '.join(f'{v} in {n} pixels' for v, n in zip(values, counts, strict=True))
        raise ValueError(f'{path}: expected mask values {sorted(known)}, found {found}')
    table = np.full(256, IGNORE, np.uint8)
    for index, name in enumerate(L8BiomeDataset.METAINFO['classes']):
        table[USGS_LABELS[name]] = index
    return table[labels]


def _tile(folder: Path, name: str) -> list[Tile]:
    image_path, mask_path = (folder / kind / f'{name}.tif' for kind in ('Images', 'Masks'))
    bands, labels = _read(image_path, RGB), _read(mask_path, (1,))[0]
    if bands.shape[1:] != labels.shape:
        raise ValueError(
            f'{mask_path}: expected the size of its image, {bands.shape[1:]}, found {labels.shape}'
        )
    if not np.isfinite(bands).all():
        raise ValueError(f'{image_path}: expected finite reflectance, found NaN or infinity')
    return [Tile(stretch(bands), class_mask(labels, mask_path))]


def _read(path: Path, bands: tuple[int, ...]) -> np.ndarray:
    try:
        import rasterio
    except ImportError as error:
        raise ImportError(
            "reading Landsat tiles needs rasterio: pip install 'ktda-mmseg[raster]'"
        ) from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', rasterio.errors.NotGeoreferencedWarning)
        try:
            with rasterio.open(path) as raster:
                return raster.read(bands)
        except (rasterio.errors.RasterioError, IndexError) as error:
            raise ValueError(
                f'{path}: expected a complete TIFF with bands {bands}: {error}'
            ) from None


def _stems(folder: Path) -> set[str]:
    stems = {path.stem for path in folder.glob('*.tif')}
    if not stems:
        raise FileNotFoundError(f'{folder}: expected .tif files, found no folder or none in it')
    return stems
