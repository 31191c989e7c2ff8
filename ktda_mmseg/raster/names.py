"""GDAL's own names of rasters: of sub-datasets (``NETCDF:"x.nc":Band1``) and files in archives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DRIVER = re.compile(r'[A-Za-z]\w+:')
ARCHIVES = '/vsi'


def container(name: str | Path, folder: Path | None = None) -> Path | None:
    """Find the file or folder that one of GDAL's own names is about; None for other paths.

    A relative path in it starts in ``folder``, by default the working directory.
    """
    places = (Path(folder or '', piece) for piece in _pieces(str(name)))
    return next((place for place in places if place.exists()), None)


def seen_from(folder: Path, name: str) -> Path:
    """Return the path of a file, or GDAL's own name, that is written as seen from a folder."""
    for piece in _pieces(name):
        if Path(folder, piece).exists():
            return Path(name.replace(piece, str(folder / piece)))
    return folder / name


def file_of(path: Path) -> Path:
    """Return the file on disk that a raster is in: itself, but for GDAL's own names."""
    return path if path.exists() else container(path) or path


def stem_of(path: Path) -> str:
    """Name a raster so that files can be called after it: as a file without its suffix."""
    inside = None if path.exists() or str(path).startswith(ARCHIVES) else container(path)
    if inside is None:
        return path.stem
    detail = str(path).rpartition(inside.name)[2]
    return '_'.join([inside.stem, *re.findall(r'[\w.-]+', detail)])


def for_gdal(path: Path) -> str:
    """Return the name as GDAL takes it; a ``Path`` makes one slash of two."""
    text = str(path)
    if text.startswith('HDF5:'):
        return '://'.join(text.rsplit(':/', 1))
    inside = container(path) if text.startswith(ARCHIVES) else None
    if inside is not None and inside.is_absolute():
        return text.replace(str(inside), f'/{inside}')
    return text


def _pieces(name: str) -> Iterator[str]:
    """Parts of one of GDAL's own names that may be paths."""
    if name.startswith(ARCHIVES):
        inner = name.split('/', 2)[-1]
        for path in (Path(inner), Path('/', inner)):
            yield from map(str, [path, *path.parents][:-1])
    elif DRIVER.match(name):
        quoted = re.findall('"([^"]+)"', name)
        yield from quoted or filter(None, name.split(':')[1:])
