"""Reading the small YAML file that says what labels mean."""

from __future__ import annotations

from pathlib import Path

import yaml
from PIL import ImageColor

from ktda_mmseg.utils.files import read_text

from .label_map import COLOUR, Label, LabelMap, canonical
from .summary import IGNORE

NOTHING = (None, '~', 'null')


def read_label_map(path: Path) -> LabelMap:
    """Read a YAML file as :class:`.label_map.LabelMap` describes it.

    Names and labels are what is written: ``no`` is a word and ``010`` is ten. Classes without
    ``colour`` take that of their first label, or of matplotlib's map 'tab20' where labels are no
    colours. A ValueError if the file is no YAML, has an unknown key, or a name or a label twice.
    """
    try:
        node = yaml.compose(read_text(path), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(f'{path}: expected YAML, found: {" ".join(str(error).split())}') from None
    try:
        content = _as_written(path, node)
    except RecursionError:
        raise ValueError(f'{path}: expected YAML that does not contain itself') from None
    content = _entry(path, 'the file', content, {'classes', 'ignore', 'unlabelled'})
    classes = content.get('classes')
    if not isinstance(classes, dict) or not 1 <= len(classes) <= IGNORE:
        found = f'{len(classes)} of them' if isinstance(classes, dict) else repr(classes)
        raise ValueError(
            f'{path}: expected 1 to {IGNORE} names under classes, since masks have 8 bits, '
            f'found {found}'
        )
    labels: dict[Label, int] = {}
    palette = []
    for index, (name, entry) in enumerate(classes.items()):
        entry = {} if entry in NOTHING else entry
        entry = _entry(path, f'class {name!r}', entry, {'labels', 'colour'})
        _add(path, f'labels of class {name!r}', labels, entry.get('labels', []), index)
        palette.append(
            _colour(path, entry['colour']) if 'colour' in entry else _default(labels, index)
        )
    _add(path, 'ignore', labels, content.get('ignore', []), IGNORE)
    return LabelMap(
        path, tuple(classes), tuple(palette), labels, _rest(path, content, list(classes))
    )


def _as_written(path: Path, node: yaml.Node | None) -> object:
    """What a node holds: mappings, lists and text; None where nothing is written."""
    if isinstance(node, yaml.SequenceNode):
        return [_as_written(path, item) for item in node.value]
    if node is None or isinstance(node, yaml.ScalarNode):
        return None if node is None or not (node.value or node.style) else node.value
    content: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in content:
            raise ValueError(
                f'{path}: expected each name once, found {key.value!r} again in line '
                f'{key.start_mark.line + 1}'
            )
        content[key.value] = _as_written(path, value)
    return content


def _entry(path: Path, where: str, entry: object, known: set[str]) -> dict[str, object]:
    """Return a mapping that has no other keys than these."""
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise ValueError(f'{path}: expected keys {sorted(known)} in {where}, found {entry!r}')
    return entry


def _rest(path: Path, content: dict, names: list[str]) -> int | None:
    """The index that 'unlabelled' says."""
    unlabelled = content.get('unlabelled')
    if unlabelled in NOTHING and unlabelled not in names:
        return None
    if unlabelled in names:
        return names.index(unlabelled)
    if unlabelled != 'ignore':
        raise ValueError(
            f"{path}: expected unlabelled to be 'ignore' or one of {names}, got {unlabelled!r}"
        )
    return IGNORE


def _add(path: Path, where: str, indices: dict[Label, int], labels: object, index: int) -> None:
    if not isinstance(labels, list):
        raise ValueError(f'{path}: {where}: expected a list of labels, found {labels!r}')
    for entry in labels:
        label = _triple(entry) or entry
        if not isinstance(label, str):
            raise ValueError(
                f"{path}: {where}: expected numbers, ranges such as '10-19', words, quoted colours "
                f"as '#rrggbb' or [R, G, B], found {'nothing' if label is None else repr(label)}"
            )
        label = canonical(label)
        if label in indices:
            raise ValueError(f'{path}: {where}: expected each label once, found {label!r} again')
        indices[label] = index


def _triple(entry: object) -> str | None:
    """Write three bytes as '#rrggbb'; None for anything else."""
    if not isinstance(entry, list) or len(entry) != 3:
        return None
    parts = [part for part in map(canonical, entry) if isinstance(part, int) and 0 <= part <= 255]
    return f'#{bytes(parts).hex()}' if len(parts) == 3 else None


def _colour(path: Path, colour: object) -> tuple[int, ...]:
    try:
        return ImageColor.getrgb(_triple(colour) or str(colour))[:3]
    except ValueError:
        raise ValueError(f"{path}: expected a colour as '#rrggbb', found {colour!r}") from None


def _default(labels: dict[Label, int], index: int) -> tuple[int, ...]:
    words = [label for label, of in labels.items() if of == index and isinstance(label, str)]
    for word in filter(COLOUR.fullmatch, words):
        return ImageColor.getrgb(word)[:3]
    from matplotlib import colormaps

    return tuple(round(255 * part) for part in colormaps['tab20'](index % 20)[:3])
