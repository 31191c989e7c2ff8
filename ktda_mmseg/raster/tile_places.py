"""Where PNG tiles lie: a VRT for each, apart from the images, as mmseg takes all files for images.

What reads tiles by :func:`.files.open_raster` finds it, and QGIS shows a VRT in its place.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ktda_mmseg.utils.files import write_atomic

if TYPE_CHECKING:
    from .files import Georeference

FOLDER = 'georeference'
DATASET = """\
<VRTDataset rasterXSize="{width}" rasterYSize="{height}">
{crs}  <GeoTransform>{transform}</GeoTransform>
{bands}</VRTDataset>
"""
BAND = """\
  <VRTRasterBand dataType="Byte" band="{number}">
    <ColorInterp>{colour}</ColorInterp>
    <SimpleSource>
      <SourceFilename relativeToVRT="1">{image}</SourceFilename>
      <SourceBand>{number}</SourceBand>
    </SimpleSource>
  </VRTRasterBand>
"""


def place_of(image: Path) -> Path | None:
    """Name the VRT of a tile; None for files that are no PNG of ``img_dir/SPLIT``."""
    if image.suffix != '.png' or len(image.parts) < 3 or image.parts[-3] != 'img_dir':
        return None
    return image.parents[2] / FOLDER / image.parent.name / f'{image.stem}.vrt'


def write_place(image: Path, shape: Sequence[int], place: Georeference) -> None:
    """Write the VRT of an 8-bit RGB tile, a PNG of so many rows and columns."""
    path = place_of(image)
    if path is None:
        raise ValueError(f'{image}: expected a place under img_dir, as all tiles have')
    source = escape(os.path.relpath(image, path.parent))
    bands = (
        BAND.format(number=number, colour=colour, image=source)
        for number, colour in enumerate(('Red', 'Green', 'Blue'), start=1)
    )
    text = DATASET.format(
        height=shape[0],
        width=shape[1],
        crs=f'  <SRS>{escape(place.crs.to_wkt())}</SRS>\n' if place.crs else '',
        transform=', '.join(map(repr, map(float, place.transform.to_gdal()))),
        bands=''.join(bands),
    )
    write_atomic(path, text.encode())
