"""Whether a model tells apart as many classes as its data set has; every tool asks here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEADS = ('decode_head', 'auxiliary_head')
ONE_CLASS = (
    'the rest is ignored, and a model that knows nothing else learns to say it everywhere; make a '
    "class of the rest, such as background, in the classes and by 'unlabelled: background'"
)


def class_count_fault(model: Mapping[str, Any], classes: Sequence[str]) -> str | None:
    """Say in one sentence why a model and the classes of its data do not belong together."""
    if len(classes) == 1:
        return f'classes: expected two or more, found one, {classes[0]!r}: {ONE_CLASS}'
    for key, count in _counts(model):
        if count != len(classes):
            return (
                f'model.{key}.num_classes: expected {len(classes)}, as many as classes, got {count}'
            )
    return None


def require_class_count(model: Mapping[str, Any], classes: Sequence[str]) -> None:
    """Refuse a model that does not fit the classes of its data."""
    fault = class_count_fault(model, classes) if classes else None
    if fault:
        raise ValueError(fault)


def _counts(model: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Yield the number of classes of each head that states one, with the head's key."""
    for key in HEADS:
        heads = model.get(key) or []
        for index, head in enumerate(heads if isinstance(heads, Sequence) else [heads]):
            if 'num_classes' in head:
                yield f'{key}[{index}]' if head is not heads else key, head['num_classes']
