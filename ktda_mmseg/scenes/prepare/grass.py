"""Grass cover: the published archive, or raw tiles with LabelMe polygons, to checked pairs."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ktda_mmseg.utils.workers import HERE, Workers

from ...datasets.checks import explain_undecodable
from ...datasets.grass import GrassDataset
from ...raster.files import georeference, open_raster, read_window
from .annotations.drawing import rasterise
from .annotations.labelme import read_labelme
from .jobs import Files, Job, Tile
from .label_map import Label, class_mask
from .layout import write_layout
from .pairing import pair_all, pair_files
from .splits import divide
from .summary import IGNORE, Summary

SHARES = {'train': 0.8, 'val': 0.2}
CLASSES = GrassDataset.METAINFO['classes']
LABELS: dict[Label, int] = {str(index + 1): index for index in range(len(CLASSES))}
KEPT = {index: index for index in (*range(len(CLASSES)), IGNORE)}


def prepare(
    source: Path,
    out: Path = Path('data/grass'),
    official: bool = False,
    seed: int = 42,
    workers: Workers = HERE,
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
        workers (Workers): Who does the work. Default: this process.

    Returns:
        Summary: What was written, and what was left out.

    Raises:
        FileNotFoundError: If a folder or a partner of an image, mask or drawing is missing.
        ImportError: If rasterio is needed and not installed.
        ValueError: If a file cannot be read, sizes differ, or a label is unknown.
    """
    settings: dict[str, object] = {'set': 'grass', 'source': str(source.resolve())}
    notes: list[str] = []
    if (source / 'img_dir').is_dir():
        jobs = [job for split in SHARES for job in _published(source, split)]
    elif any(source.glob('*.json')):
        settings |= {'official': official, 'seed': seed}
        jobs, notes = _raw(source, official, seed)
    else:
        raise FileNotFoundError(
            f'{source}: expected img_dir and ann_dir, or .tif with .json beside, found neither'
        )
    summary = write_layout(out, jobs, settings, CLASSES, '.tif', workers)
    summary.notes += notes
    return summary


def _published(source: Path, split: str) -> list[Job]:
    pairs = pair_all(source, f'img_dir/{split}/*.tif', f'ann_dir/{split}/*.png')
    return [Job(split, (name,), partial(_checked, *pair)) for name, pair in pairs.items()]


def _checked(image: Path, mask: Path) -> list[Files]:
    pixels, labels = _decode(image), _decode(mask)
    if labels.shape != pixels.shape[:2]:
        raise ValueError(
            f'{mask}: expected the size of its image, {pixels.shape[:2]}, found {labels.shape}'
        )
    class_mask(labels, KEPT, mask, 'labels 0-4, or 255 to ignore')
    return [Files(image, mask)]


def _decode(path: Path) -> np.ndarray:
    if fault := explain_undecodable(str(path)):
        raise ValueError(fault)
    with Image.open(path) as image:
        return np.asarray(image)


def _raw(source: Path, official: bool, seed: int) -> tuple[list[Job], list[str]]:
    pairs, lone = pair_files(source, '*.json', '*.tif')
    division = divide(dict.fromkeys(pairs, ''), SHARES, seed)
    notes = [f'{len(lone)} images without a .json, left out'] if lone else []
    return [
        Job(division[name], (name,), partial(_drawn, *pair, official))
        for name, pair in pairs.items()
    ], notes


def _drawn(drawing_path: Path, image: Path, official: bool) -> list[Tile | None]:
    with open_raster(image) as raster:
        pixels, place = read_window(raster), georeference(raster)
    drawing = read_labelme(drawing_path)
    if drawing.size != pixels.shape[1:]:
        raise ValueError(
            f'{drawing_path}: expected imageHeight and imageWidth to be those of its image, '
            f'{pixels.shape[1:]}, found {drawing.size}'
        )
    codes = LABELS | {'0': 0} if official else LABELS
    unknown = sorted({str(shape.label) for shape in drawing.shapes} - codes.keys())
    if unknown:
        raise ValueError(f'{drawing_path}: expected labels of {[*codes]}, found {unknown}')
    mask = rasterise(drawing, codes, background=0 if official else IGNORE)
    return [Tile(np.moveaxis(pixels, 0, 2), mask, place)]
