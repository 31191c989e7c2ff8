"""Grass cover: the published archive, or raw tiles with LabelMe polygons, to checked pairs."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ...datasets.checks import explain_undecodable
from ...datasets.grass import GrassDataset
from ...raster.files import georeference, open_raster, read_window
from .division import divide
from .labelme import rasterise, read_labelme
from .layout import Files, Job, Tile, write_layout
from .summary import IGNORE, Summary

SPLITS = ('train', 'val')
SHARES = {'train': 0.8, 'val': 0.2}
CLASSES = GrassDataset.METAINFO['classes']
LABELS = {str(index + 1): index for index in range(len(CLASSES))}


def prepare(
    source: Path, out: Path = Path('data/grass'), official: bool = False, seed: int = 42
) -> Summary:
    """Write tiles and masks with class indices.

    The published pairs are checked and copied as they are. Raw tiles are divided 80 to 20.

    Args:
        source (Path): Folder of the unpacked archive, ``{img_dir,ann_dir}/{train,val}`` with
            ``.tif`` and ``.png``; or of raw tiles, ``*.tif``, each with LabelMe's ``.json`` of
            the same name. Labels are 1 (low) to 5 (high).
        out (Path): Folder to create. Default: ``data/grass``.
        official (bool): Raw tiles only: as the authors did (``create_dataset.py``), pixels
            without label and label 0 count as low; otherwise the former are ignored and the
            latter is an error. Default: False.
        seed (int): Raw tiles only: another seed, another division. Default: 42.

    Returns:
        Summary: What was written, and what was left out.

    Raises:
        FileNotFoundError: If a folder or a partner of an image, mask or drawing is missing.
        ImportError: If rasterio is needed and not installed.
        ValueError: If a file cannot be read, sizes differ, or a label is unknown.
    """
    settings: dict[str, object] = {'set': 'grass', 'source': str(source.resolve())}
    notes = []
    if (source / 'img_dir').is_dir():
        jobs = [job for split in SPLITS for job in _published(source, split)]
    elif drawings := sorted(source.glob('*.json')):
        settings |= {'official': official, 'seed': seed}
        jobs = _raw(drawings, official, seed)
        unlabelled = len([*source.glob('*.tif')]) - len(drawings)
        if unlabelled:
            notes.append(f'{unlabelled} images without a .json, left out')
    else:
        raise FileNotFoundError(
            f'{source}: expected img_dir and ann_dir, or .tif with .json beside, found neither'
        )
    summary = write_layout(out, jobs, settings, CLASSES, '.tif')
    summary.notes += notes
    return summary


def _published(source: Path, split: str) -> list[Job]:
    images = {path.stem: path for path in sorted((source / 'img_dir' / split).glob('*.tif'))}
    masks = {path.stem: path for path in (source / 'ann_dir' / split).glob('*.png')}
    if not images or images.keys() != masks.keys():
        odd = sorted(images.keys() ^ masks.keys())
        raise FileNotFoundError(
            f'{source}: expected a .tif and a .png of each name in {split}, not so for '
            f'{len(odd)} of {len(images)}: {", ".join(odd[:5])}'
        )
    return [
        Job(split, (name,), partial(_checked, image, masks[name])) for name, image in images.items()
    ]


def _checked(image: Path, mask: Path) -> list[Files]:
    pixels, labels = _decode(image), _decode(mask)
    if labels.shape != pixels.shape[:2]:
        raise ValueError(
            f'{mask}: expected the size of its image, {pixels.shape[:2]}, found {labels.shape}'
        )
    wrong = np.setdiff1d(labels, [*range(len(CLASSES)), IGNORE])
    if wrong.size:
        raise ValueError(f'{mask}: expected labels 0-4, or 255 to ignore, found {wrong.tolist()}')
    return [Files(image, mask)]


def _decode(path: Path) -> np.ndarray:
    if fault := explain_undecodable(str(path)):
        raise ValueError(fault)
    with Image.open(path) as image:
        return np.asarray(image)


def _raw(drawings: list[Path], official: bool, seed: int) -> list[Job]:
    pairs = {path.stem: (path.with_suffix('.tif'), path) for path in drawings}
    if lacking := [drawing.name for image, drawing in pairs.values() if not image.is_file()]:
        raise FileNotFoundError(
            f'{drawings[0].parent}: expected a .tif for each .json, found none for '
            f'{len(lacking)}: {", ".join(lacking[:5])}'
        )
    division = divide(dict.fromkeys(pairs, ''), SHARES, seed)
    return [Job(division[n], (n,), partial(_drawn, *pair, official)) for n, pair in pairs.items()]


def _drawn(image: Path, drawing_path: Path, official: bool) -> list[Tile | None]:
    with open_raster(image) as raster:
        pixels, place = read_window(raster), georeference(raster)
    drawing = read_labelme(drawing_path)
    if drawing.size != pixels.shape[1:]:
        raise ValueError(
            f'{drawing_path}: expected imageHeight and imageWidth to be those of its image, '
            f'{pixels.shape[1:]}, found {drawing.size}'
        )
    codes = LABELS | {'0': 0} if official else LABELS
    unknown = sorted({shape.label for shape in drawing.shapes} - codes.keys())
    if unknown:
        raise ValueError(f'{drawing_path}: expected labels of {[*codes]}, found {unknown}')
    mask = rasterise(drawing, codes, background=0 if official else IGNORE)
    return [Tile(np.moveaxis(pixels, 0, 2), mask, place)]
