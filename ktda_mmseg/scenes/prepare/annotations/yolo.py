"""Areas in YOLO's text files: a polygon a line, in shares of the image's width and height."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import yaml

from ktda_mmseg.utils.files import read_text

from ..label_map import Label, LabelMap
from .drawing import Annotated, Drawing, Shape, files_of, meanings, outline, own_path

NAMES = 'data.yaml'
NAMING = re.compile(rb'^names\s*:', re.MULTILINE)
FOLDER = 'labels'
ROUNDING = 0.01  # by which areas may leave their image, as Ultralytics allows
NO_LABELS = ('classes.txt', 'train.txt', 'val.txt', 'test.txt')  # lists beside them


def names_file(source: Path) -> Path | None:
    """Find the YAML file of names of a folder of labels: in it, or one or two folders above.

    It is ``data.yaml``, or, as Ultralytics calls that of its own sets, the one that has ``names``.
    """
    for folder in (source, *source.resolve().parents[:2]):
        if (folder / NAMES).is_file():
            return folder / NAMES
        files = [path for path in sorted(folder.glob('*.yaml')) if path.is_file()]
        naming = [path for path in files if NAMING.search(path.read_bytes())]
        if len(naming) > 1:
            raise ValueError(
                f'{folder}: expected {NAMES}, or one YAML file with names, found '
                f'{[path.name for path in naming]}'
            )
        if naming:
            return naming[0]
    return None


def list_yolo(source: Path, label_map: LabelMap) -> list[Annotated]:
    """List the text files of a folder: those below folders called ``labels``, if there are any.

    As YOLO has it, the image of 'labels/a.txt' is 'images/a.*', if it is not just called alike.
    Labels are the names of :func:`names_file`, or the numbers where there is none or the label map
    lists none of the names.
    """
    file = names_file(source)
    names = None if file is None else meanings(_names(file), label_map)
    return [
        Annotated(path, _images(path, source), str(path), partial(_draw, path, names, file))
        for path in label_files(source)
    ]


def label_files(source: Path) -> list[Path]:
    """Return the text files of a folder that are labels, as far as that can be told by names."""
    paths = [p for p in files_of(source, '.txt') if not p.name.lower().startswith('readme')]
    below = [path for path in paths if f'/{FOLDER}/' in f'/{own_path(path, source)}']
    return below or [path for path in paths if path.name not in NO_LABELS]


def _images(path: Path, source: Path) -> tuple[str, ...]:
    """What the image of a text file may be called."""
    own = own_path(path, source)
    head, found, tail = f'/{own}'.rpartition(f'/{FOLDER}/')
    return (f'{head}/images/{tail}'.lstrip('/'), f'{head}/{tail}'.lstrip('/')) if found else (own,)


def _names(file: Path) -> dict[int, str]:
    try:
        names = yaml.load(read_text(file), Loader=yaml.BaseLoader)['names']
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(number): str(name) for number, name in pairs}
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f'{file}: expected YAML with a list of names, failed on {error}') from None


def _draw(
    path: Path, names: Mapping[int, Label] | None, file: Path | None, size: tuple[int, int]
) -> Drawing:
    shapes = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        where = f'{path}: line {number}'
        index, *shares = line.split() or ['']
        if not index:
            continue
        if not index.isdecimal() or (names is not None and int(index) not in names):
            known = 'a class number' if names is None else f'a class of {file}, {[*names]}'
            raise ValueError(f'{where}: expected {known}, found {index!r}')
        corners = outline(shares, where)
        if not -ROUNDING <= min(map(min, corners)) <= max(map(max, corners)) <= 1 + ROUNDING:
            raise ValueError(
                f'{where}: expected shares of the image from 0 to 1, found {line[:60]}'
            )
        corners = [(x * size[1], y * size[0]) for x, y in corners]
        shapes.append(Shape(int(index) if names is None else names[int(index)], corners))
    return Drawing(size, shapes)
