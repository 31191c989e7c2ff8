"""The data configs: what they read, and that each pipeline runs on prepared data."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS

from ktda_mmseg.scenes.prepare import synthetic

from ..raster.conftest import write_tiff

BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'
LOADERS = ('train', 'val', 'test')
# what the configs named *_crops train on
CROPS = (128, 128)
COMMON = ('raster_tiles', 'rgb_tiles', 'rgb_tiles_512')
# what the authors resize to the size of their tiles
PUBLISHED = ('grass', 'l8_biome')
NAMES = [path.stem for path in sorted(BASES.glob('*.py')) if path.stem not in COMMON]


@pytest.fixture(scope='module')
def roots(tmp_path_factory) -> dict[str, Path]:
    """One generated set for each kind of image, by the number of bands and the suffix."""
    folder = tmp_path_factory.mktemp('sets')
    for kind in ('grass', 'cloud'):
        synthetic.prepare(folder / kind, kind, size=32, train=1, val=1, test=1)
    roots = {(3, '.tif'): folder / 'grass', (3, '.png'): folder / 'cloud'}
    roots[8, '.tif'] = folder / 'bands'
    shutil.copytree(folder / 'cloud' / 'ann_dir', folder / 'bands' / 'ann_dir')
    for mask in (folder / 'bands' / 'ann_dir').rglob('*.png'):
        path = folder / 'bands' / 'img_dir' / mask.parent.name / f'{mask.stem}.tif'
        write_tiff(path, np.full((8, 32, 32), 4000, np.uint16), nodata=0)
    return roots


def without_maps(pipeline):
    """Leave out the teacher's maps, which tests/caching has."""
    plain = [step for step in pipeline if step.type != 'LoadTeacherMaps']
    if plain[-1].type == 'PackTransferInputs':
        plain[-1] = dict(type='PackSegInputs')
    return plain


@pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
@pytest.mark.parametrize('name', NAMES)
def test_every_loader_and_the_tta_pipeline_run(name, roots):
    config = Config.fromfile(BASES / f'{name}.py')
    size = config.crop_size
    for loader in LOADERS:
        dataset = config[f'{loader}_dataloader'].dataset
        bands = len(config.get('mean', 'RGB'))
        suffix = dataset.get('img_suffix', '.tif' if dataset.type == 'GrassDataset' else '.png')
        dataset.data_root = str(roots[bands, suffix])
        dataset.pipeline = without_maps(dataset.pipeline)
        sample = DATASETS.build(dataset)[0]
        assert sample['data_samples'].gt_sem_seg.shape == (32, 32)
        if loader != 'train':
            seen = size if name in PUBLISHED else (32, 32)
            assert sample['inputs'].shape == (bands, *seen)
    views = DATASETS.build(dict(dataset, pipeline=config.tta_pipeline))[0]
    assert len(views['inputs']) == 6
    steps = config.train_dataloader.dataset.pipeline
    crop = CROPS if '_crops' in name else size
    assert [s['crop_size'] for s in steps if s['type'] == 'RandomCrop'] == [crop]


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


@pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
def test_the_statistics_of_the_landsat_sample_are_those_of_its_training_tiles(shared):
    rasterio = pytest.importorskip('rasterio')
    config = Config.fromfile(BASES / 'l8_biome_sample_8band.py')
    tiles = []
    for path in (shared / 'data' / 'l8_biome_sample' / 'train' / 'Images').glob('*.tif'):
        with rasterio.open(path) as raster:
            # red comes first in what is prepared, blue in the files
            tiles.append(raster.read((3, 2, 1, 4, 5, 6, 7, 8)).astype(np.float64))
    bands = np.concatenate(tiles, axis=1).reshape(8, -1)
    np.testing.assert_allclose(bands.mean(1), config.mean, rtol=0, atol=6e-5)
    np.testing.assert_allclose(bands.std(1), config.std, rtol=0, atol=6e-5)
