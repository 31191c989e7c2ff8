"""Data sets of a config and steps of a pipeline, whatever they are wrapped in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def steps_in(pipeline: Iterable[Any]) -> Iterator[Any]:
    """Yield the steps of a pipeline, and in the place of one that has steps of its own, those.

    ``RememberSample``, mmcv's wrappers and test-time augmentation have a key ``transforms``, a list
    of steps or of such lists.

    Args:
        pipeline (Iterable): Steps of a config, or transforms built from them.
    """
    for step in pipeline:
        if isinstance(step, list | tuple):
            inner: Any = step
        elif isinstance(step, Mapping):
            inner = step.get('transforms')
        else:
            inner = getattr(step, 'transforms', None)
        if inner is None:
            yield step
        else:
            yield from steps_in(inner)


def datasets_in(dataset: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the data sets that one consists of, such as those of ConcatDataset.

    Args:
        dataset (Mapping | Dataset | None): Config of a data set, or one built from it.
    """
    if dataset is None:
        return
    parts = dataset if isinstance(dataset, Mapping) else vars(dataset)
    inner = parts.get('datasets') or ([parts['dataset']] if 'dataset' in parts else [])
    for child in inner:
        yield from datasets_in(child)
    if not inner:
        yield dataset
