"""What tells a scene from others, and from what it was before one of its files changed."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ktda_mmseg.raster.files import import_rasterio, open_raster
from ktda_mmseg.raster.writing import SIDECAR
from ktda_mmseg.utils.files import json_text

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

END = 1 << 14  # bytes that are read at either end of a file
BESIDE = (SIDECAR, '.msk', '.ovr')
# what GDAL adds to the name of an archive with a file in it
ARCHIVE = re.compile(r'^/vsi\w+/|[{}]')


def identity_of(path: Path) -> dict[str, Any]:
    """Tell a scene by its content, wherever it lies.

    That is the content of all its files: masks, overviews, ``.aux.xml``, world files, and the
    sources of a VRT with theirs. Of each count name, size, time of change and what stands at its
    ends. Of an ``.aux.xml`` counts what it says, without statistics, which programs add when they
    show a scene. Returned are how many 'files' it has, and the 'sha256' of what counts.
    """
    found = [told for name in _files(path) if (told := _described(name))]
    content = json_text([path.name, found]).encode()
    return {'files': len(found), 'sha256': hashlib.sha256(content).hexdigest()}


def _files(path: Path) -> list[str]:
    """List the names of all files of a raster, as GDAL has them, each once."""
    rasterio = import_rasterio()
    with open_raster(path) as raster:
        files = dict.fromkeys(_named(raster))
        waiting = _sources(raster)
    seen: set[str] = set()
    for name in waiting:  # which grows
        files[name] = None
        if name not in seen:
            seen.add(name)
            with suppress(rasterio.errors.RasterioError), rasterio.open(name) as source:
                files.update(dict.fromkeys(_named(source)))
                waiting += _sources(source)
    return [*files]


def _named(raster: DatasetReader) -> list[str]:
    """Name a raster's files; not every driver lists what stands beside, though GDAL reads it."""
    beside = (f'{raster.name}{end}' for end in BESIDE)
    return [*raster.files, *filter(os.path.isfile, beside)]


def _sources(raster: DatasetReader) -> list[str]:
    """Name what a VRT is made of; GDAL itself lists neither sources of masks nor of other VRTs."""
    if raster.driver != 'VRT' or not os.path.isfile(raster.name):
        return []
    folder = Path(raster.name).parent
    return [
        str(folder / one.text) if one.get('relativeToVRT') == '1' else one.text
        for one in ElementTree.parse(raster.name).iter()
        if one.tag in ('SourceFilename', 'SourceDataset') and one.text
    ]


def _described(name: str) -> list[Any]:
    """Return what counts of a file, in its archive if it has one; nothing where nothing does."""
    bare = Path(ARCHIVE.sub('', name))
    file = next((one for one in (Path(name), bare, *bare.parents) if one.is_file()), None)
    if file is None:
        return [bare.name]
    if file.name.endswith(SIDECAR):
        with suppress(ElementTree.ParseError):
            return _said(ElementTree.parse(file).getroot())
    status = file.stat()
    with file.open('rb') as content:
        ends = content.read(END)
        content.seek(max(END, status.st_size - END))
        ends += content.read()
    # network drives keep no nanoseconds
    times = status.st_mtime_ns // 1000
    return [file.name, status.st_size, times, hashlib.sha256(ends).hexdigest()]


def _said(element: ElementTree.Element) -> list[Any]:
    """Return the content of an element of ``.aux.xml``; nothing where there are only statistics."""
    if element.tag == 'Histograms' or element.get('key', '').startswith('STATISTICS_'):
        return []
    children = [told for one in element if (told := _said(one))]
    if not children and (len(element) or element.tag == 'PAMDataset'):
        return []
    return [element.tag, sorted(element.items()), (element.text or '').strip(), children]
