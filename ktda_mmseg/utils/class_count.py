"""Whether a model tells apart as many classes as its data set has; every tool asks here."""

from collections.abc import Mapping, Sequence
from typing import Any

ONE_CLASS = (
    'the rest is ignored, and a model that knows nothing else learns to say it everywhere; make a '
    "class of the rest, such as background, in the classes and by 'unlabelled: background'"
)


def class_count_fault(model: Mapping[str, Any], classes: Sequence[str]) -> str | None:
    """Say in one sentence why a segmentor's config does not fit the classes of its data, if so."""
    if len(classes) == 1:
        return f'classes: expected two or more, found one, {classes[0]!r}: {ONE_CLASS}'
    for key in ('decode_head', 'auxiliary_head'):
        heads = model.get(key) or []
        several = isinstance(heads, Sequence)
        for index, head in enumerate(heads if several else [heads]):
            if (count := head.get('num_classes', len(classes))) != len(classes):
                name = f'{key}[{index}]' if several else key
                return (
                    f'model.{name}.num_classes: expected {len(classes)}, as many as classes, '
                    f'got {count}'
                )
    return None


def require_class_count(model: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Raise ``ValueError`` with that sentence; classes may be unknown, and so none."""
    if classes and (fault := class_count_fault(model, classes)):
        raise ValueError(fault)
