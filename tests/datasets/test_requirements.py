"""A split without masks is refused before it is read, and a test split says what to do."""

import runpy
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from ktda_mmseg.datasets.requirements import require_data

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture
def config(run_config):
    return Config.fromfile(run_config)


@pytest.mark.parametrize('masks', ['nowhere', '', None, 'left out'])
def test_a_test_split_without_masks_is_for_predict_scene(config, masks):
    dataset = config.test_dataloader.dataset
    prefix = dict(img_path='images', seg_map_path=masks)
    dataset.data_prefix = dict(img_path='images') if masks == 'left out' else prefix
    with pytest.raises(ValueError, match=r'test_dataloader.*expected masks.*ktda map'):
        require_data(config, ['test'])
    require_data(config, ['train', 'val'])


def test_an_evaluator_wants_masks_even_if_none_are_loaded(config):
    dataset = config.test_dataloader.dataset
    dataset.update(type='PairedSegDataset', metainfo=dict(classes=tuple('abcde')))
    dataset.data_prefix = dict(img_path='images')
    dataset.pipeline = [s for s in dataset.pipeline if s.type != 'LoadAnnotations']
    with pytest.raises(ValueError, match='expected masks'):
        require_data(config, ['test'])
    config.test_evaluator = dict(type='IoUMetric', format_only=True, output_dir='out')
    require_data(config, ['test'])


@pytest.mark.parametrize('remember', [False, True])
def test_training_without_masks_is_refused_too(config, remember):
    inner = config.train_dataloader.dataset
    inner.data_prefix = dict(img_path='images')
    if remember:
        inner.pipeline = [dict(type='RememberSample', transforms=inner.pipeline)]
    config.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=inner)
    with pytest.raises(ValueError, match=r'train_dataloader\.dataset: expected masks') as info:
        require_data(config, ['train'])
    assert 'ktda map' not in str(info.value)


@pytest.mark.parametrize('split', ['train', 'test'])
def test_images_without_masks_want_a_teacher_and_the_training_split(config, split):
    config[f'{split}_dataloader'].dataset.unlabelled = ['more']
    if split == 'train':
        require_data(config, ['train'])
        config.model.teacher = None
    got = {'train': 'no teacher', 'test': 'split test'}[split]
    with pytest.raises(ValueError, match=rf'{split}_dataloader.*unlabelled: expected.* got {got}'):
        require_data(config, [split])


def test_the_tool_says_it_before_it_loads_anything(run_config, monkeypatch):
    config = Config.fromfile(run_config)
    config.test_dataloader.dataset.data_prefix = dict(img_path='images', seg_map_path='new')
    config.dump(run_config)
    weights = run_config.with_name('weights.pth')
    weights.touch()
    monkeypatch.setattr(sys, 'argv', ['test.py', str(run_config), str(weights)])
    monkeypatch.syspath_prepend(TOOLS)
    with pytest.raises(SystemExit, match=r'expected masks.*ktda map'):
        runpy.run_path(str(TOOLS / 'test.py'), run_name='__main__')
