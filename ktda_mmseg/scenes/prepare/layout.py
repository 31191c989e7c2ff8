"""Writing ``{img_dir,ann_dir}/<split>`` so that a data set is complete or absent."""

import io
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import cpu_count
from PIL import Image

from ktda_mmseg.utils.files import json_text, remove_partial, write_atomic, write_json
from ktda_mmseg.utils.workers import HERE, Workers

from ...raster.files import Georeference
from ...raster.tile_places import FOLDER as PLACES
from ...raster.tile_places import place_of, write_place
from ...raster.tiling import Window, held_before
from ...raster.writing import SIDECAR, write_raster
from .summary import IGNORE, Summary, summarise

RECORD = 'preparation.json'
COUNTED = ('val', 'test')  # where each pixel of a source is counted once
SAVE_OPTIONS = {
    '.png': {'format': 'PNG'},
    '.tif': {'format': 'TIFF', 'compression': 'tiff_adobe_deflate'},
}


class Tile(NamedTuple):
    """An image with its mask.

    Attributes:
        image (np.ndarray): (H, W, C); 8-bit RGB, or anything a GeoTIFF holds if the suffix is
            '.tif'.
        mask (np.ndarray): Class indices (H, W), uint8; 255 is ignored.
        georeference (Georeference | None): Where it lies, if known.
        nodata (float | None): Value of pixels without data, if there is one; GeoTIFFs record it.
        valid (np.ndarray | None): Which pixels (H, W) hold data, where ``nodata`` does not tell;
            GeoTIFFs hold it as a mask.
    """

    image: np.ndarray
    mask: np.ndarray
    georeference: Georeference | None = None
    nodata: float | None = None
    valid: np.ndarray | None = None


class Files(NamedTuple):
    """A tile that was made and checked elsewhere; its files are copied as they are.

    Attributes:
        image (Path): The image, with the suffix of the data set.
        mask (Path): The mask, a PNG.
    """

    image: Path
    mask: Path


@dataclass(frozen=True)
class Job:
    """A piece of work that makes one or more tiles from one source.

    Attributes:
        split (str): 'train', 'val' or 'test'.
        names (tuple[str, ...]): Names of the tiles, without suffix.
        make (Callable): Gives, one after the other, a tile a name; None leaves that one out. No
            pixel of one that is left out may have a label.
        source (str): What the tiles are cut from; jobs may share it. Default: ''.
        windows (tuple[Window, ...]): Where in the source the tiles lie, one a name; empty for
            tiles that share no pixel with others. Default: ().
        noticed (Callable): Gives what was noticed on the way, in the process that made the tiles;
            None for nothing. Default: None, always.
    """

    split: str
    names: tuple[str, ...]
    make: Callable[[], Iterable[Tile | Files | None]]
    source: str = ''
    windows: tuple[Window, ...] = ()
    noticed: Callable[[], Any] = lambda: None


def write_layout(
    out: Path,
    jobs: Sequence[Job],
    settings: dict,
    classes: Sequence[str],
    image_suffix: str = '.png',
    workers: Workers = HERE,
    threads: int | None = None,
    notice: Callable[[Any], None] | None = None,
) -> Summary:
    """Run the jobs and write their tiles.

    Files go to ``<out>.partial``, which becomes ``out`` when all are there. Repeating a finished
    preparation does nothing; one that was interrupted or failed goes on with what is missing, or
    begins anew where settings or sources were changed since, as a user does who mends them.
    PNG is written by Pillow, with georeferences in a folder beside those of images and masks;
    GeoTIFF by rasterio, but for 8-bit RGB without georeference.

    In val and test each pixel of a source has its label in one tile, the first that holds it, and
    is ignored in later ones, so that no score counts it twice; a tile that loses all its labels
    so is left out. Training tiles keep all labels.

    Args:
        out (Path): Folder to create.
        jobs (Sequence[Job]): The work; where there are no workers threads share it, since GDAL,
            Pillow and numpy leave Python to the others while they work.
        settings (dict): What determines the result; recorded beside it as JSON.
        classes (Sequence[str]): Class names, for the summary.
        image_suffix (str): '.png' or '.tif'. Default: '.png'.
        workers (Workers): Who does the work. Default: this process.
        threads (int | None): How many jobs run at a time in this process at the most, at least 1;
            None for as many as there are cores. Default: None.
        notice (Callable | None): Gets here what jobs noticed. Default: None.

    Returns:
        Summary: Images and pixels, counted in the written masks.

    Raises:
        FileExistsError: If ``out`` was made with other settings, or its partial folder by
            something else.
        ImportError: If a tile needs rasterio, which is not installed.
        ValueError: If all tiles of a split were left out.
    """
    held = _held_before(jobs)
    if held:  # so that a folder in which such pixels were counted twice is not taken for this one
        settings = settings | {'shared_val_test_pixels': 'ignored after the first tile'}
    settings = json.loads(json_text(settings))  # as they are read again
    staging = staging_of(out)
    _check_settings(out, settings)
    if not out.exists():
        _begin(staging, settings)
        run = partial(_run, root=staging, image_suffix=image_suffix, held=held)
        cores = cpu_count()
        for noticed in workers.map(run, jobs, threads=min(cores, threads or cores), unit='job'):
            if notice is not None and noticed is not None:
                notice(noticed)
        _remove_unnamed(staging, jobs, image_suffix)
        os.replace(staging, out)
    return summarise(out, classes)


def staging_of(out: Path) -> Path:
    """Return the folder in which a data set is made."""
    return out.with_name(out.name + '.partial')


def _settings_of(folder: Path) -> dict | None:
    record = folder / RECORD
    return json.loads(record.read_text()) if record.is_file() else None


def _check_settings(out: Path, settings: dict) -> None:
    """Refuse a finished folder that is another one; the error says what differs."""
    if not out.exists() or (found := _settings_of(out)) == settings:
        return
    if found is None:
        raise FileExistsError(
            f'{out}: expected no folder, or one that was prepared, found one without {RECORD}; '
            'remove it or choose another'
        )
    other = ', '.join(
        f'{key} {settings.get(key)!r:.60} (there: {found.get(key)!r:.60})'
        for key in {**settings, **found}
        if settings.get(key) != found.get(key)
    )
    raise FileExistsError(
        f'{out}: expected no folder, or one prepared alike, found one with another {other}; '
        'remove it or choose another'
    )


def _begin(staging: Path, settings: dict) -> None:
    """Make the partial folder, or clear the way to go on with it."""
    found = _settings_of(staging)
    if found is None and staging.exists() and any(staging.iterdir()):
        raise FileExistsError(
            f'{staging}: expected no folder, or one that was begun, found one without {RECORD}; '
            'remove it'
        )
    if found not in (None, settings):
        print(f'{staging}: settings or sources changed since it was begun; begins anew')
        shutil.rmtree(staging)
    write_json(staging / RECORD, settings, indent=2)
    remove_partial(staging)


def _held_before(jobs: Sequence[Job]) -> dict[tuple[str, str], list[Window]]:
    """Name by split and tile the parts whose pixels an earlier tile of val or test counts."""
    tiles: dict[tuple[str, str], list[tuple[str, Window]]] = defaultdict(list)
    for job in jobs:
        if job.split in COUNTED and job.windows:
            named = zip(job.names, job.windows, strict=True)
            tiles[job.split, job.source].extend(named)
    return {
        (split, name): parts
        for (split, _), named in tiles.items()
        for (name, _), parts in zip(named, held_before([w for _, w in named]), strict=True)
        if parts
    }


def _counted(tile: Tile, held: Sequence[Window]) -> Tile | None:
    """Ignore what earlier tiles hold; None if they hold all labels there are."""
    if not held:
        return tile
    mask = tile.mask.copy()
    for part in held:
        mask[part.slices()] = IGNORE
    emptied = (mask == IGNORE).all() and (tile.mask != IGNORE).any()
    return None if emptied else tile._replace(mask=mask)


def _run(
    job: Job, root: Path, image_suffix: str, held: Mapping[tuple[str, str], list[Window]]
) -> Any:  # noqa: ANN401
    paths = _paths(job, root, image_suffix)
    if all(_left_out(mask).exists() or (image.exists() and mask.exists()) for image, mask in paths):
        return None
    for name, (image, mask), tile in zip(job.names, paths, job.make(), strict=True):
        if isinstance(tile, Tile):
            tile = _counted(tile, held.get((job.split, name), ()))
        if tile is None:
            _remove(image, mask)
            write_atomic(_left_out(mask), b'')
        elif isinstance(tile, Files):
            write_atomic(image, tile.image.read_bytes())
            write_atomic(mask, tile.mask.read_bytes())
        else:
            _write_image(image, tile)
            write_atomic(mask, encode(tile.mask, mask.suffix))
    return job.noticed()


def _paths(job: Job, root: Path, image_suffix: str) -> list[tuple[Path, Path]]:
    images, masks = root / 'img_dir' / job.split, root / 'ann_dir' / job.split
    return [(images / (name + image_suffix), masks / f'{name}.png') for name in job.names]


def _left_out(mask: Path) -> Path:
    """Name of the note that a tile is not wanted; it has gone when the set is complete."""
    return mask.with_suffix('.left_out')


def _remove(*paths: Path) -> None:
    for path in paths:
        for file in (path, Path(f'{path}{SIDECAR}'), place_of(path)):
            if file is not None:
                file.unlink(missing_ok=True)


def _remove_unnamed(root: Path, jobs: Sequence[Job], image_suffix: str) -> None:
    """Remove notes, and what an earlier try made of a source that has gone since."""
    named = {path for job in jobs for pair in _paths(job, root, image_suffix) for path in pair}
    named |= {place for path in named if (place := place_of(path))}
    for kind in ('img_dir', 'ann_dir', PLACES):
        for folder in (root / kind).glob('*'):
            for path in folder.iterdir():
                if Path(str(path).removesuffix(SIDECAR)) not in named:
                    path.unlink()
            if not any(folder.iterdir()):
                folder.rmdir()
    for split in {job.split: None for job in jobs}:
        if not (root / 'ann_dir' / split).exists():
            raise ValueError(f'{root}: expected tiles for {split}, all of them were left out')


def _write_image(path: Path, tile: Tile) -> None:
    rgb = tile.image.dtype == np.uint8 and tile.image.shape[2:] == (3,)
    if path.suffix == '.png' or (rgb and tile.georeference is None and tile.nodata is None):
        if tile.georeference is not None:
            write_place(path, tile.image.shape[:2], tile.georeference)
        write_atomic(path, encode(tile.image, path.suffix))
    else:
        write_raster(path, tile.image, tile.georeference, tile.nodata, tile.valid)


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
