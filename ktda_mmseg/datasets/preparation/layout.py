"""Writing ``{img_dir,ann_dir}/<split>`` so that a data set is complete or absent."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.utils import track_iter_progress
from PIL import Image

IGNORE = 255
RECORD = 'preparation.json'
SAVE_OPTIONS = {
    '.png': {'format': 'PNG'},
    '.tif': {'format': 'TIFF', 'compression': 'tiff_adobe_deflate'},
}


@dataclass(frozen=True)
class Job:
    """A piece of work that makes one or more tiles from one source.

    Attributes:
        split (str): 'train', 'val' or 'test'.
        names (tuple[str, ...]): Names of the tiles, without suffix.
        make (Callable): Returns one pair a name: RGB image (H, W, 3) and mask (H, W), both uint8.
    """

    split: str
    names: tuple[str, ...]
    make: Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]


@dataclass
class Summary:
    """What a prepared folder holds.

    Attributes:
        out (Path): The folder.
        classes (tuple[str, ...]): Class names.
        images (dict[str, int]): Number of images a split.
        pixels (dict[str, np.ndarray]): Number of pixels of each mask value, (256,), a split.
        notes (list[str]): What the user should know about the source.
    """

    out: Path
    classes: tuple[str, ...]
    images: dict[str, int] = field(default_factory=dict)
    pixels: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [['split', 'images', *self.classes, 'ignored']]
        for split, count in self.images.items():
            pixels = self.pixels[split]
            shares = 100 * pixels[[*range(len(self.classes)), IGNORE]] / pixels.sum()
            rows.append([split, str(count), *(f'{share:.1f} %' for share in shares)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ['  '.join(map(str.rjust, row, widths)) for row in rows]
        return '\n'.join([*self.notes, *lines, f'written to {self.out}'])


def write_layout(
    out: Path,
    jobs: Sequence[Job],
    settings: dict,
    classes: Sequence[str],
    image_suffix: str = '.png',
) -> Summary:
    """Run the jobs and write their tiles; an interrupted run continues where it stopped.

    Files go to ``<out>.partial``, which becomes ``out`` when all are there. Repeating a finished
    preparation does nothing; one that fails leaves nothing.

    Args:
        out (Path): Folder to create.
        jobs (Sequence[Job]): The work.
        settings (dict): What determines the result; recorded beside it as JSON.
        classes (Sequence[str]): Class names, for the summary.
        image_suffix (str): '.png' or '.tif'. Default: '.png'.

    Returns:
        Summary: Images and pixels, counted in the written masks.

    Raises:
        FileExistsError: If ``out`` or its partial folder was made with other settings.
    """
    staging = out.with_name(out.name + '.partial')
    for folder in (out, staging):
        _check_settings(folder, settings)
    if not out.exists():
        staging.mkdir(parents=True, exist_ok=True)
        write_atomic(staging / RECORD, json.dumps(settings, indent=2).encode())
        try:
            # mmengine's default is what stdout was when it was imported
            for job in track_iter_progress(jobs, file=sys.stdout):
                _run(job, staging, image_suffix)
        except Exception:  # a fault of the source, not an interruption
            shutil.rmtree(staging)
            raise
        os.replace(staging, out)
    return summarise(out, classes)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen incomplete.

    Args:
        path (Path): The file; its folder is made.
        content (bytes): What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + '.tmp')
    temporary.write_bytes(content)
    os.replace(temporary, path)


def summarise(out: Path, classes: Sequence[str]) -> Summary:
    """Count images and label pixels of a prepared folder.

    Args:
        out (Path): Folder with ``img_dir`` and ``ann_dir``.
        classes (Sequence[str]): Class names.

    Returns:
        Summary: The counts.
    """
    summary = Summary(out, tuple(classes))
    for folder in sorted((out / 'ann_dir').iterdir(), key=_split_order):
        masks = sorted(folder.glob('*.png'))
        counts = (np.bincount(np.asarray(Image.open(m)).ravel(), minlength=256) for m in masks)
        summary.images[folder.name] = len(masks)
        summary.pixels[folder.name] = sum(counts, np.zeros(256, np.int64))
    return summary


def _split_order(folder: Path) -> tuple[bool, ...]:
    return tuple(folder.name != split for split in ('train', 'val', 'test'))


def _check_settings(folder: Path, settings: dict) -> None:
    if not folder.exists():
        return
    record = folder / RECORD
    found = json.loads(record.read_text()) if record.is_file() else None
    if found != settings:
        raise FileExistsError(
            f'{folder}: expected no folder, or one prepared with {settings}, found '
            f'{"one without " + RECORD if found is None else found}; remove it or choose another'
        )


def _run(job: Job, root: Path, image_suffix: str) -> None:
    images = [root / 'img_dir' / job.split / (name + image_suffix) for name in job.names]
    masks = [root / 'ann_dir' / job.split / (name + '.png') for name in job.names]
    if all(path.exists() for path in [*images, *masks]):
        return
    for image_path, mask_path, tile in zip(images, masks, job.make(), strict=True):
        for path, array in zip((image_path, mask_path), tile, strict=True):
            write_atomic(path, encode(array, path.suffix))


def encode(array: np.ndarray, suffix: str) -> bytes:
    """Encode an image or a mask.

    Args:
        array (np.ndarray): (H, W, 3) or (H, W), uint8.
        suffix (str): '.png' or '.tif'.

    Returns:
        bytes: The file's content.
    """
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, **SAVE_OPTIONS[suffix])
    return stream.getvalue()
