"""Reading the small YAML file that says what labels mean."""

from __future__ import annotations

from pathlib import Path

import yaml
from PIL import ImageColor

from .label_map import Label, LabelMap
from .summary import IGNORE


def read_label_map(path: Path) -> LabelMap:
    """Read a YAML file as :class:`.label_map.LabelMap` describes it.

    Classes without ``colour`` take colours of matplotlib's map 'tab20'.

    Args:
        path (Path): The file.

    Returns:
        LabelMap: Its content.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no YAML, has an unknown key, or a label twice.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'{path}: expected YAML, found: {" ".join(str(error).split())}') from None
    _check_keys(path, 'the file', content, {'classes', 'ignore', 'unlabelled'})
    classes = content.get('classes')
    if not isinstance(classes, dict) or not 1 <= len(classes) <= IGNORE:
        raise ValueError(f'{path}: expected 1 to {IGNORE} names under classes, found {classes!r}')
    labels: dict[Label, int] = {}
    palette = []
    for index, (name, entry) in enumerate(classes.items()):
        entry = {} if entry is None else entry
        _check_keys(path, f'class {name!r}', entry, {'labels', 'colour'})
        _add(path, labels, entry.get('labels', []), index)
        palette.append(_colour(path, entry['colour']) if 'colour' in entry else _default(index))
    _add(path, labels, content.get('ignore', []), IGNORE)
    names = {str(name): index for index, name in enumerate(classes)}
    unlabelled = content.get('unlabelled')
    if unlabelled not in {None, 'ignore', *names}:
        raise ValueError(
            f"{path}: expected unlabelled to be 'ignore' or one of {[*names]}, got {unlabelled!r}"
        )
    other = None if unlabelled is None else names.get(unlabelled, IGNORE)
    return LabelMap(path, tuple(names), tuple(palette), labels, other)


def _check_keys(path: Path, where: str, entry: object, known: set[str]) -> None:
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise ValueError(f'{path}: expected keys {sorted(known)} in {where}, found {entry!r}')


def _add(path: Path, indices: dict[Label, int], labels: object, index: int) -> None:
    if not isinstance(labels, list):
        raise ValueError(f'{path}: expected a list of labels, found {labels!r}')
    for label in labels:
        if not isinstance(label, int | str) or isinstance(label, bool):
            raise ValueError(
                f'{path}: expected labels to be numbers, words or quoted colours, found {label!r}'
            )
        label = label.lower() if isinstance(label, str) and label.startswith('#') else label
        if label in indices:
            raise ValueError(f'{path}: expected each label once, found {label!r} again')
        indices[label] = index


def _colour(path: Path, colour: object) -> tuple[int, ...]:
    try:
        return ImageColor.getrgb(str(colour))[:3]
    except ValueError:
        raise ValueError(f"{path}: expected a colour as '#rrggbb', found {colour!r}") from None


def _default(index: int) -> tuple[int, ...]:
    from matplotlib import colormaps

    return tuple(round(255 * part) for part in colormaps['tab20'](index % 20)[:3])
