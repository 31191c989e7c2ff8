"""The 8-band quickstart trains, tests and predicts on 16-bit tiles with empty pixels."""

import re
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.apis import MMSegInferencer, inference_model, init_model
from PIL import Image

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.scenes.map.raster_inferencer import RasterInferencer

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
CONFIG = Path(__file__).resolve().parents[2] / 'configs' / 'quickstart' / 'l8_biome_8band.py'
SIZE = 64


@pytest.fixture(scope='module')
def tiles(tmp_path_factory) -> Path:
    """Two tiles a split whose bands differ by class, each with a corner of nodata."""
    root, rng = tmp_path_factory.mktemp('tiles'), np.random.default_rng(0)
    shape = dict(height=SIZE, width=SIZE, count=8, dtype='uint16', nodata=0)
    for split in ('train', 'val', 'test'):
        images, masks = (root / kind / split for kind in ('img_dir', 'ann_dir'))
        images.mkdir(parents=True)
        masks.mkdir(parents=True)
        for name in 'ab':
            labels = rng.integers(0, 4, (4, 4)).repeat(16, 0).repeat(16, 1)
            bands = (labels + 1) * 1000 + rng.integers(0, 200, (8, SIZE, SIZE))
            bands[7] += 25_000
            bands[:, :4, :4] = 0
            with rasterio.open(images / f'{name}.tif', 'w', driver='GTiff', **shape) as raster:
                raster.write(bands.astype(np.uint16))
            Image.fromarray(labels.astype(np.uint8)).save(masks / f'{name}.png')
    return root


@pytest.fixture(scope='module')
def config(tiles) -> Config:
    """The quickstart, small and with a Galileo of random weights."""
    config = Config.fromfile(CONFIG)
    for split in ('train', 'val', 'test'):
        config[f'{split}_dataloader'].update(num_workers=0, persistent_workers=False)
        config[f'{split}_dataloader'].dataset.data_root = str(tiles)
    config.merge_from_dict(
        {
            'train_dataloader.batch_size': 2,
            'train_cfg': dict(max_iters=3, val_interval=3),
            'default_hooks.checkpoint.interval': 3,
            'default_hooks.logger.interval': 1,
            'model.data_preprocessor.size': (SIZE, SIZE),
            'model.decode_head.decoder.pool_scales': (1, 2),
            'model.teacher.init_cfg': None,
        }
    )
    return config


@pytest.fixture(scope='module')
def trained(config, tools, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('run')
    config.dump(work_dir / 'config.py')
    printed = tools('train.py', work_dir / 'config.py', '--work-dir', work_dir / 'out')
    return work_dir / 'config.py', work_dir / 'out' / 'iter_3.pth', printed


def test_it_trains_with_a_teacher_that_names_its_bands(trained):
    _, checkpoint, printed = trained
    assert re.search(r'transfer\.loss_l2: \d', printed)
    assert re.search(r'mIoU: \d+\.\d+', printed)
    saved = read_checkpoint(checkpoint)
    assert saved['state_dict']['backbone.downsample_layers.0.0.weight'].shape[1] == 8
    assert '"B12"' in saved['meta']['teacher']['config']


def test_views_of_it_are_scored_together(trained, tools, tmp_path):
    config, checkpoint, _ = trained
    folders = ['--out', tmp_path / 'maps', '--show-dir', tmp_path / 'pictures']
    printed = tools('test.py', config, checkpoint, '--work-dir', tmp_path, *folders, '--tta')
    assert re.search(r'mIoU: \d+\.\d+', printed)
    assert len([*(tmp_path / 'maps').glob('*.png')]) == 2
    assert len([*tmp_path.rglob('pictures/**/*.png')]) == 2


def test_a_file_of_eight_bands_is_predicted(trained, tiles):
    config, checkpoint, _ = trained
    model = init_model(str(config), str(checkpoint), 'cpu')
    labels = inference_model(model, str(tiles / 'img_dir' / 'test' / 'a.tif')).pred_sem_seg.data
    assert labels.shape == (1, SIZE, SIZE)


def test_the_inferencer_takes_files_of_eight_bands(trained, tiles, tmp_path, monkeypatch):
    config, checkpoint, _ = trained
    monkeypatch.chdir(tmp_path)
    paths = [str(tiles / 'img_dir' / 'test' / f'{name}.tif') for name in 'ab']
    model = init_model(str(config), str(checkpoint), 'cpu')
    expected = [inference_model(model, path).pred_sem_seg.data[0].numpy() for path in paths]
    with pytest.raises(ValueError, match='LoadImageFromFile is not found'):
        MMSegInferencer(str(config), str(checkpoint), device='cpu')
    several = Config.fromfile(config)
    tested = several.test_dataloader.dataset
    several.test_dataloader.dataset = dict(type='ConcatDataset', datasets=[tested, tested])
    inferencer = RasterInferencer(several, str(checkpoint), device='cpu')
    found = inferencer(paths, batch_size=2, out_dir='out', return_vis=True)
    np.testing.assert_array_equal(found['predictions'], expected)
    assert [picture.shape for picture in found['visualization']] == [(SIZE, SIZE, 3)] * 2
    assert len([*(tmp_path / 'out' / 'vis').iterdir()]) == 2


def test_a_file_of_three_bands_is_refused(trained, tmp_path):
    config, checkpoint, _ = trained
    Image.fromarray(np.ones((SIZE, SIZE, 3), np.uint8)).save(tmp_path / 'rgb.tif')
    model = init_model(str(config), str(checkpoint), 'cpu')
    with pytest.raises(ValueError, match=r'rgb\.tif: expected scale .* each of the 3 bands'):
        inference_model(model, str(tmp_path / 'rgb.tif'))
