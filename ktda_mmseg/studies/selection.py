"""Whether a config picks anything by the scores of the split that it is tested on."""

import os.path as osp
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config


def selects_on_test(config: Config) -> list[str]:
    """List what picks weights, or learning rates, by validation scores of test images.

    That is nothing where validation reads none of the folders of the test split.
    """
    validation, test = (
        set(_sources((config.get(f'{split}_dataloader') or {}).get('dataset')))
        for split in ('val', 'test')
    )
    return list(_selectors(config)) if validation & test else []


def _sources(dataset: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Name the folder of images and the list of names of all data sets within a data set."""
    if isinstance(dataset, (list, tuple)):
        for part in dataset:
            yield from _sources(part)
    elif isinstance(dataset, dict):
        prefix = dataset.get('data_prefix', {})
        if 'img_path' in prefix:
            folder = osp.normpath(osp.join(dataset.get('data_root', ''), prefix['img_path']))
            yield folder, dataset.get('ann_file', '')
        yield from _sources(dataset.get('dataset'))
        yield from _sources(dataset.get('datasets'))


def _selectors(config: Config) -> Iterator[str]:
    hooks = [*config.get('default_hooks', {}).values(), *(config.get('custom_hooks') or [])]
    for hook in filter(None, hooks):
        if hook.get('save_best'):
            yield f'{hook["type"]} with save_best'
        if hook['type'] == 'EarlyStoppingHook':
            yield hook['type']
    schedulers = config.get('param_scheduler') or []
    for scheduler in [schedulers] if isinstance(schedulers, dict) else schedulers:
        if scheduler['type'].startswith('ReduceOnPlateau'):
            yield scheduler['type']
