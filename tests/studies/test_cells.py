"""No config picks anything by the scores of the split that it is tested on."""

from pathlib import Path

import pytest
from mmengine.config import Config

from ktda_mmseg.studies.cells import selects_on_test

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted(
    path.relative_to(CONFIGS) for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts
)


@pytest.mark.parametrize('path', LEAVES, ids=str)
def test_nothing_is_selected_on_the_test_split(path):
    assert selects_on_test(Config.fromfile(CONFIGS / path)) == []


def config(val: str, **settings) -> Config:
    def loader(folder):
        return dict(dataset=dict(data_root='data/a', data_prefix=dict(img_path=folder)))

    return Config(dict(val_dataloader=loader(val), test_dataloader=loader('img/test'), **settings))


BEST = dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_best='mIoU')))


@pytest.mark.parametrize(
    ('settings', 'found'),
    [
        (BEST, ['CheckpointHook with save_best']),
        (dict(custom_hooks=[dict(type='EarlyStoppingHook')]), ['EarlyStoppingHook']),
        (dict(param_scheduler=dict(type='ReduceOnPlateauLR')), ['ReduceOnPlateauLR']),
        (dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook'))), []),
    ],
)
def test_selection_on_the_test_split_is_found(settings, found):
    assert selects_on_test(config('./img//test', **settings)) == found
    assert selects_on_test(config('img/val', **settings)) == []


def test_test_images_are_found_in_joined_data_sets():
    chosen = config('img/val', **BEST)
    parts = [chosen.val_dataloader.dataset, chosen.test_dataloader.dataset]
    chosen.val_dataloader = dict(dataset=dict(type='ConcatDataset', datasets=parts))
    assert selects_on_test(chosen)
    chosen.val_dataloader = None
    assert selects_on_test(chosen) == []
