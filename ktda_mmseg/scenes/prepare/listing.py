"""Which files of a user's folders are rasters, what they are called, and what is left out."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from os.path import commonprefix
from pathlib import Path
from typing import NamedTuple

from ktda_mmseg.utils.tables import first_few

from ...raster.files import open_raster
from ...raster.names import container, file_of, stem_of

# fmt: off
SUFFIXES = (
    '.tif', '.tiff', '.png', '.jpg', '.jpeg', '.jp2', '.j2k', '.jpx', '.img', '.vrt', '.asc',
    '.bmp', '.dem', '.ers', '.gif', '.grd', '.hgt', '.kea', '.nitf', '.ntf', '.pix', '.rst',
    '.sdat', '.webp',
)
# fmt: on
WITH_HEADER = ('', '.bil', '.bin', '.bip', '.bsq', '.dat', '.envi', '.raw')  # of a .hdr beside them
CONTAINERS = ('.gpkg', '.grb', '.grb2', '.grib', '.h5', '.hdf', '.he5', '.mbtiles', '.nc')
# what belongs to a raster, world files among it
BESIDE = re.compile(
    r'.*\.(aux|aux\.xml|hdr|ige|msk|ovr|prj|rpb|rrd|sgrd|stx|wld'
    r'|(bp|gf|j2|jg|jpe?g|pg|png|tf|tiff?)w)',
    re.IGNORECASE,
)
PARTS = 'in a VRT of the folder already'
NO_RASTERS = 'no rasters, or without the .hdr that says how to read them'


class Listing(NamedTuple):
    """The rasters of a folder, or the one raster that ``source`` is.

    ``files`` are in the order of names; of those in sub-folders the name begins with the folders,
    as in 'north/a'. ``left_out`` is what was not taken, by the reason.
    """

    source: Path
    files: dict[str, Path]
    left_out: dict[str, list[Path]]

    def notes(self, used: Collection[Path] = ()) -> list[str]:
        """Say what was not taken, and why; nothing of files that are used for something else."""
        lists = {
            reason: [path.relative_to(self.source) for path in paths if path not in used]
            for reason, paths in self.left_out.items()
        }
        return [
            f'{self.source}: {len(paths)} files left out, {reason}: {first_few(paths)}'
            for reason, paths in lists.items()
            if paths
        ]


def raster_files(source: Path, pattern: str = '*', apart: Iterable[Path] = ()) -> Listing:
    """List the rasters of a folder and its sub-folders, or the one that is named.

    Hidden files and what belongs to a raster, such as ``.aux.xml``, are passed over. ENVI and other
    raw files are known by the ``.hdr`` beside them. Of NetCDF, HDF, GRIB and GeoPackage those are
    taken that GDAL reads as one raster. What a VRT is made of is not taken beside it, nor what is
    ``apart``. In the pattern ``*`` stands for the name of a raster, so that 'x_image.png' is x by
    '*_image'; with a slash it is for the path from ``source`` on.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If two files have the same name, or the pattern has no ``*``.
    """
    if '*' not in pattern:
        raise ValueError(f"expected a pattern of names with *, such as '*_mask', got {pattern!r}")
    if not source.is_dir():
        if not source.is_file() and container(source) is None:
            raise FileNotFoundError(f'{source}: expected a raster or a folder, found none')
        return Listing(source, {stem_of(source): source}, {})
    found = sorted(walk(source, apart))
    rasters = [path for path in found if _is_raster(path)]
    parts = {part for path in rasters if path.suffix.lower() == '.vrt' for part in _parts(path)}
    unnamed, left = f'not named {pattern}', set(rasters)
    left_out: dict[str, list[Path]] = {PARTS: [], unnamed: []}
    files: dict[str, Path] = {}
    for path in rasters:
        name = _named(path.relative_to(source), pattern)
        if name is None or path.resolve() in parts:
            left_out[unnamed if name is None else PARTS].append(path)
            continue
        other = files.setdefault(name, path)
        if other is not path:
            names = other.relative_to(source), path.relative_to(source)
            raise ValueError(f'{source}: expected one file a name, found {names[0]}, {names[1]}')
    left_out[NO_RASTERS] = [p for p in found if p not in left and not BESIDE.fullmatch(p.name)]
    listing = Listing(source, files, left_out)
    if not files:
        kinds = Counter(path.suffix or path.name for path in found)
        raise FileNotFoundError(
            f'{source}: expected rasters named {pattern} (*.tif, *.png, *.jp2, ENVI with .hdr and '
            f'so on), found none among {len(found)} files {dict(kinds.most_common(5))}'
        )
    return listing


def flat(name: str) -> str:
    """Name a file after a raster that may lie in a sub-folder."""
    return name.replace('/', '__')


def shared_start(names: Collection[str]) -> str:
    """Return what all of two or more names begin with, without digits at its end."""
    shared = commonprefix([*names]) if len(names) > 1 else ''  # noqa: RUF071  (no paths)
    return shared.rstrip('0123456789')


def shared_end(names: Collection[str]) -> str:
    """Return what all of two or more names end with, without digits at its beginning."""
    return shared_start([name[::-1] for name in names])[::-1]


def stamp(files: Iterable[Path]) -> str:
    """Sum up which files there are, how large they are and when they were changed."""
    digest = hashlib.sha256()
    for path in sorted(map(file_of, files)):
        status = path.stat()
        digest.update(f'{path.name} {status.st_size} {status.st_mtime_ns}\n'.encode())
    return digest.hexdigest()[:16]


def walk(source: Path, apart: Iterable[Path] = ()) -> Iterator[Path]:
    """List the files of a folder and its sub-folders, through links, but nothing hidden."""
    seen = {path.resolve() for path in apart} - {source.resolve()}
    for folder, folders, files in os.walk(source, followlinks=True):
        seen.add(Path(folder).resolve())
        folders[:] = [n for n in folders if n[0] != '.' and Path(folder, n).resolve() not in seen]
        for name in files:
            if name[0] != '.' and Path(folder, name).resolve() not in seen:
                yield Path(folder, name)


def _is_raster(path: Path) -> bool:
    suffix = path.suffix.lower()
    if BESIDE.fullmatch(path.name):
        return False
    if suffix in CONTAINERS:
        return _has_bands(path)
    return suffix in SUFFIXES or _has_header(path)


def _has_header(path: Path) -> bool:
    stems = [path.name] + [path.stem] * (path.suffix.lower() in WITH_HEADER)
    return any(path.with_name(stem + end).is_file() for stem in stems for end in ('.hdr', '.HDR'))


def _has_bands(path: Path) -> bool:
    try:
        with open_raster(path) as raster:
            return bool(raster.count)
    except ValueError:
        return False


def _parts(vrt: Path) -> list[Path]:
    """Files that a VRT is made of; none of one that cannot be read, which is told when it is."""
    try:
        with open_raster(vrt) as raster:
            return [Path(part).resolve() for part in raster.files if Path(part) != vrt]
    except ValueError:
        return []


def _named(path: Path, pattern: str) -> str | None:
    """Name a raster by its path seen from the source; None if that does not fit the pattern."""
    known = path.suffix.lower() in {*SUFFIXES, *WITH_HEADER, *CONTAINERS}
    stem = path.with_suffix('') if known else path
    folder = '' if '/' in pattern or path.parent == Path() else f'{path.parent.as_posix()}/'
    shape = re.compile('(.*)'.join(map(re.escape, pattern.split('*'))))
    for candidate in (stem, path):
        fit = shape.fullmatch(candidate.as_posix().removeprefix(folder))
        if fit:
            return folder + '_'.join(filter(None, fit.groups()))
    return None
