"""Which tool wrote the labels that a user names, told by what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..label_map import LabelMap
from ..listing import SUFFIXES, walk
from .coco import list_coco
from .cvat import list_cvat, root_of
from .drawing import Annotated, files_of, read_json
from .label_studio import is_label_studio, list_label_studio
from .labelme import list_labelme
from .yolo import label_files, list_yolo, names_file

RASTER = 'raster'
READERS: dict[str, Callable[[Path, LabelMap], list[Annotated]]] = {
    'labelme': lambda source, _: list_labelme(source),
    'coco': list_coco,
    'yolo': list_yolo,
    'cvat': list_cvat,
    'label_studio': list_label_studio,
}
FORMATS = (RASTER, *READERS)


def find_format(labels: Path, images: Path, stated: str | None = None) -> str:
    """Tell the format of labels that are no polygons of GDAL's.

    Args:
        labels (Path): The file or folder of the labels.
        images (Path): That of the images, which may be the same.
        stated (str | None): What the user says; None to look. Default: None.

    Returns:
        str: One of ``FORMATS``.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If ``stated`` is no format, a JSON file is of no known one, or there are
            rasters beside drawings of another format, so that either may be meant.
    """
    if stated is not None:
        if stated not in FORMATS:
            raise ValueError(f'expected a label format of {", ".join(FORMATS)}, got {stated!r}')
        return stated
    if labels.suffix.lower() == '.json' and not labels.is_dir():
        return _of_file(labels)
    if not labels.is_dir():
        return RASTER
    if root_of(labels) is not None:
        return 'cvat'
    if label_files(labels) and names_file(labels) is not None:
        kind = 'yolo'
    else:
        kind = next(filter(None, map(_of_json, files_of(labels, '.json'))), RASTER)
    if kind != RASTER and labels.resolve() != images.resolve():
        _require_no_rasters(labels, images, kind)
    return kind


def _of_file(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f'{path}: expected a file, found none')
    content = read_json(path)
    kind = _kind(content)
    if kind is None:
        keys = [*content][:5] if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f'{path}: expected JSON of COCO (images, annotations), LabelMe (shapes) or Label '
            f'Studio (a list of tasks), found {keys}; polygons of GeoJSON need --class-field'
        )
    return kind


def _of_json(path: Path) -> str | None:
    """The format of one of the JSON files of a folder, of which some may be anything."""
    try:
        return _kind(read_json(path))
    except ValueError:
        return None


def _kind(content: Any) -> str | None:  # noqa: ANN401
    if content and is_label_studio(content):
        return 'label_studio'
    keys = content.keys() if isinstance(content, dict) else set()
    if {'images', 'annotations'} <= keys:
        return 'coco'
    return 'labelme' if 'shapes' in keys else None


def _require_no_rasters(labels: Path, images: Path, kind: str) -> None:
    rasters = sorted(p for p in walk(labels, [images]) if p.suffix.lower() in SUFFIXES)
    if rasters:
        raise ValueError(
            f'{labels}: expected label rasters or files of {kind}, found both, such as '
            f'{rasters[0].name}; say which by --label-format {RASTER} or {kind}'
        )
