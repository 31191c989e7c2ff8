"""The data configs: what they read, and that each pipeline runs on prepared data."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS

from ktda_mmseg.datasets.preparation import synthetic

BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'
LOADERS = ('train', 'val', 'test')
COMMON = ('rgb_tiles', 'rgb_tiles_512')
NAMES = [path.stem for path in sorted(BASES.glob('*.py')) if path.stem not in COMMON]


@pytest.fixture(scope='module')
def roots(tmp_path_factory) -> dict[str, Path]:
    """One generated set for each image type."""
    folder = tmp_path_factory.mktemp('sets')
    for kind in ('grass', 'cloud'):
        synthetic.prepare(folder / kind, kind, size=32, train=1, val=1, test=1)
    return {'.tif': folder / 'grass', '.png': folder / 'cloud'}


@pytest.mark.parametrize('name', NAMES)
def test_every_loader_and_the_tta_pipeline_run(name, roots):
    config = Config.fromfile(BASES / f'{name}.py')
    size = config.crop_size
    for loader in LOADERS:
        dataset = config[f'{loader}_dataloader'].dataset
        suffix = '.tif' if dataset.type == 'GrassDataset' else '.png'
        dataset.data_root = str(roots[suffix])
        sample = DATASETS.build(dataset)[0]
        assert sample['data_samples'].gt_sem_seg.shape == (32, 32)
        if loader != 'train':
            assert sample['inputs'].shape == (3, *size)
    views = DATASETS.build(dict(dataset, pipeline=config.tta_pipeline))[0]
    assert len(views['inputs']) == 6
    assert config.train_dataloader.dataset.pipeline[4].crop_size == size


@pytest.mark.parametrize(
    ('name', 'batch', 'size', 'val', 'test'),
    [
        ('grass', 4, 256, 'val', 'val'),
        ('l8_biome', 2, 512, 'val', 'test'),
        ('dubai', 4, 512, 'val', 'test'),
    ],
)
def test_the_published_settings(name, batch, size, val, test):
    config = Config.fromfile(BASES / f'{name}.py')
    assert config.train_dataloader.batch_size == batch
    assert config.crop_size == (size, size)
    assert config.val_dataloader.dataset.data_prefix.seg_map_path == f'ann_dir/{val}'
    assert config.test_dataloader.dataset.data_prefix.seg_map_path == f'ann_dir/{test}'
    assert config.test_evaluator.iou_metrics == ['mIoU', 'mDice', 'mFscore']
