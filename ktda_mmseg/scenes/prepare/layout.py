"""Writing ``{img_dir,ann_dir}/<split>`` so that a data set is complete or absent."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count
from PIL import Image

from ktda_mmseg.utils.files import atomic, json_text, remove_partial, write_atomic, write_json
from ktda_mmseg.utils.workers import HERE, Workers

from ...raster.tile_places import FOLDER as PLACES
from ...raster.tile_places import place_of, write_place
from ...raster.tiling import Window, held_before
from ...raster.writing import SIDECAR, write_raster
from .jobs import Files, Job, Tile, runs
from .summary import IGNORE, Summary, summarise

RECORD = 'preparation.json'
PIECES = 2  # of what jobs share, for each worker, so that none waits long for another
COUNTED = ('val', 'test')  # where each pixel of a source is counted once
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    # as small for photographs as the usual 6, in a third of the time
    '.png': {'format': 'PNG', 'compress_level': 1},
    '.tif': {'format': 'TIFF', 'compression': 'tiff_adobe_deflate'},
}


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
        threads (int | None): How many runs of jobs are in work at a time in this process at the
            most, at least 1; None for as many as there are cores. Default: None.
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
        threads = min(cpu_count(), threads or cpu_count())
        for noticed in workers.map(
            run,
            runs(jobs, PIECES * workers.size(threads)),
            threads=threads,
            total=sum(len(job.names) for job in jobs),
            unit='tile',
            done=partial(_count, staging),
        ):
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
    in_rows = {key: sorted(named, key=lambda one: one[1]) for key, named in tiles.items()}
    return {
        (split, name): parts
        for (split, _), named in in_rows.items()
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
    jobs: Sequence[Job], root: Path, image_suffix: str, held: Mapping[tuple[str, str], list[Window]]
) -> Any:  # noqa: ANN401
    """Do jobs that open the same; returns what was noticed, None if all was there."""
    left = [job for job in jobs if not _is_made(_paths(job, root, image_suffix))]
    if not left:
        return None
    with ExitStack() as stack:
        opens = left[0].opens
        opened = [] if opens is None else [stack.enter_context(opens())]
        for job in left:
            _write(job, job.make(*opened), root, image_suffix, held)
    return left[0].noticed()


def _is_made(paths: Sequence[tuple[Path, Path]]) -> bool:
    return all(
        _left_out(mask).exists() or (image.exists() and mask.exists()) for image, mask in paths
    )


def _count(root: Path) -> int:
    """Return how many tiles are made or left out so far."""
    return sum(len(os.listdir(folder)) for folder in (root / 'ann_dir').glob('*'))


def _write(
    job: Job,
    tiles: Iterable[Tile | Files | None],
    root: Path,
    image_suffix: str,
    held: Mapping[tuple[str, str], list[Window]],
) -> None:
    paths = _paths(job, root, image_suffix)
    for name, (image, mask), tile in zip(job.names, paths, tiles, strict=True):
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
            _save(mask, tile.mask)


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
        _save(path, tile.image)
    else:
        write_raster(path, tile.image, tile.georeference, tile.nodata, tile.valid)


def _save(path: Path, array: np.ndarray) -> None:
    """Write an image (H, W, 3) or a mask (H, W) of 8 bits as '.png' or '.tif'."""
    with atomic(path) as file:  # in memory, libtiff would leave a byte as it found it
        Image.fromarray(array).save(file, **SAVE_OPTIONS[path.suffix])
