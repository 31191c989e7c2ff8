"""Rasters are loaded as rasterio reads them, empty pixels are ignored, and samples remembered."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import Image

from ktda_mmseg.datasets import SampleError

from ..raster.conftest import write_tiff

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'
HEIGHT, WIDTH = 24, 32
LIMITS = {'uint8': (0, 256), 'uint16': (0, 65536), 'int16': (-32768, 32768), 'float32': (-9, 9)}


def random_bands(dtype: str, bands: int = 5) -> np.ndarray:
    rng, (low, high) = np.random.default_rng(0), LIMITS[dtype]
    shape = (bands, HEIGHT, WIDTH)
    if dtype == 'float32':
        return rng.uniform(low, high, shape).astype(dtype)
    return rng.integers(low, high, shape).astype(dtype)


def load(path: Path, **options: object) -> dict:
    return TRANSFORMS.build(dict(type='LoadRasterFromFile', **options))(dict(img_path=str(path)))


@pytest.mark.parametrize('bands', [None, (4, 1, 3), (2,)])
@pytest.mark.parametrize('nodata', [None, 7])
@pytest.mark.parametrize('dtype', LIMITS)
def test_values_and_empty_pixels_are_rasterios(tmp_path, dtype, nodata, bands):
    values = random_bands(dtype)
    values[0, 3, 5] = values[3, 20, 30] = values[4, 0, 0] = values[:, 9, 9] = 7
    path = write_tiff(tmp_path / 'a.tif', values, nodata=nodata, compress='deflate')
    with rasterio.open(path) as raster:
        expected = raster.read(bands, masked=True)
        rules = {None: raster.dataset_mask() == 0, 'any': np.ma.getmaskarray(expected).any(0)}
    for rule, empty in rules.items():
        assert empty.any() == (nodata is not None)
        sample = load(path, bands=bands, nodata=rule)
        assert sample['img'].dtype == np.float32
        assert sample['img_shape'] == sample['ori_shape'] == (HEIGHT, WIDTH)
        np.testing.assert_array_equal(sample['nodata_mask'], empty)
        image = np.where(empty, 0, expected.data.astype(np.float32))
        np.testing.assert_array_equal(sample['img'], np.moveaxis(image, 0, -1))


def test_bands_are_scaled_one_by_one(tmp_path):
    values = random_bands('uint16', bands=3)
    path = write_tiff(tmp_path / 'a.tif', values)
    sample = load(path, bands=(3, 1), scale=[1e-4, 0.01], offset=[0, -273.15])
    first, second = sample['img'][..., 0], sample['img'][..., 1]
    np.testing.assert_allclose(first, values[2] / 10_000, rtol=1e-6)
    np.testing.assert_allclose(second, values[0] / 100 - 273.15, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ('nodata', 'empty'), [(None, [[7, 8]]), ('any', [[1, 2], [3, 4], [5, 6], [7, 8]])]
)
def test_nan_and_infinity_are_filled_in_their_bands_or_in_all(tmp_path, nodata, empty):
    values = random_bands('float32', bands=2)
    values[0, 1, 2], values[1, 3, 4], values[1, 5, 6] = np.nan, np.inf, -np.inf
    values[:, 7, 8] = np.nan
    path = write_tiff(tmp_path / 'a.tif', values)
    sample = load(path, scale=10, fill=[1.5, 2.5], nodata=nodata)
    assert np.argwhere(sample['nodata_mask']).tolist() == empty
    assert (sample['img'][sample['nodata_mask']] == [1.5, 2.5]).all()
    assert np.isfinite(sample['img']).all()
    assert sample['img'][1, 2, 0] == 1.5 and sample['img'][5, 6, 1] == 2.5
    if nodata is None:
        np.testing.assert_allclose(sample['img'][1, 2, 1], 10 * values[1, 1, 2], rtol=1e-6)


def test_another_word_for_nodata_is_refused():
    with pytest.raises(ValueError, match="nodata: expected a number, 'any' or None, got 'all'"):
        TRANSFORMS.build(dict(type='LoadRasterFromFile', nodata='all'))


def test_a_given_nodata_value_replaces_that_of_the_file(tmp_path):
    values = random_bands('uint8')
    values[:, 3], values[:, 4] = 7, 9
    path = write_tiff(tmp_path / 'a.tif', values, nodata=7)
    mask = load(path, nodata=9)['nodata_mask']
    np.testing.assert_array_equal(mask, (values == 9).all(0))
    assert mask[4].all() and not mask[3].any()


def test_a_picture_is_what_pillow_reads_in_the_order_of_the_file(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(np.moveaxis(random_bands('uint8', bands=3), 0, -1)).save(path)
    pillow = dict(type='LoadImageFromFile', color_type='unchanged', imdecode_backend='pillow')
    blue_first = TRANSFORMS.build(pillow)(dict(img_path=str(path)))['img']
    np.testing.assert_array_equal(load(path)['img'], blue_first[..., ::-1])


@pytest.mark.parametrize('compress', [None, 'deflate'])
def test_what_cannot_be_read_is_named(tmp_path, compress):
    path = write_tiff(tmp_path / 'a.tif', random_bands('float32'), compress=compress)
    with pytest.raises(SampleError, match=r'a\.tif: expected bands .2, 8., found 5 bands'):
        load(path, bands=(2, 8))
    content = path.read_bytes()
    for kept in (content[: len(content) * 2 // 3], b'no raster'):
        path.write_bytes(kept)
        with pytest.raises(SampleError, match=r'a\.tif: expected a complete raster, found'):
            load(path)
    path.unlink()
    with pytest.raises(SampleError, match=r'a\.tif: expected a raster, found no file'):
        load(path)


def test_a_band_0_is_refused():
    with pytest.raises(ValueError, match=r'bands: expected numbers from 1, got \[0, 1\]'):
        TRANSFORMS.build(dict(type='LoadRasterFromFile', bands=[0, 1]))


def test_values_for_another_number_of_bands_are_named(tmp_path):
    path = write_tiff(tmp_path / 'a.tif', random_bands('uint8'))
    with pytest.raises(SampleError, match='expected scale .* each of the 2 bands, got 3 values'):
        load(path, bands=(1, 2), scale=[1, 2, 3])


@pytest.fixture
def rasters(tmp_path) -> Config:
    """Data set of one 3-band tile with two empty pixels, and its loaders."""
    values = random_bands('float32', bands=3)
    values[:, 2, 3], values[:, 20, 30] = np.nan, -1
    labels = np.random.default_rng(1).integers(0, 4, (HEIGHT, WIDTH)).astype(np.uint8)
    for split in ('train', 'val', 'test'):
        write_tiff(tmp_path / 'img_dir' / split / 'a.tif', values, nodata=-1)
        (tmp_path / 'ann_dir' / split).mkdir(parents=True)
        Image.fromarray(labels).save(tmp_path / 'ann_dir' / split / 'a.png')
    config = Config.fromfile(BASES / 'raster_tiles.py')
    for loader in ('train', 'val', 'test'):
        config[f'{loader}_dataloader'].dataset.update(
            type='L8BiomeDataset', data_root=str(tmp_path)
        )
    return config


@pytest.mark.parametrize('loader', ['train', 'val', 'test'])
def test_empty_pixels_are_ignored_and_finite(rasters, loader):
    sample = DATASETS.build(rasters[f'{loader}_dataloader'].dataset)[0]
    labels = sample['data_samples'].gt_sem_seg.data
    assert labels.shape[1] * labels.shape[2] == HEIGHT * WIDTH
    assert (labels == 255).sum() == 2
    assert torch.isfinite(sample['inputs']).all()


def test_views_of_a_raster_are_scored_on_the_same_labels(rasters):
    config = dict(rasters.test_dataloader.dataset, pipeline=rasters.tta_pipeline)
    views = DATASETS.build(config)[0]['data_samples']
    assert len(views) == 6
    for view in views:
        labels = view.gt_sem_seg.data[0]
        assert torch.argwhere(labels == 255).tolist() == [[2, 3], [20, 30]]


def test_a_broken_mask_is_blamed_and_not_the_raster(rasters):
    config = rasters.train_dataloader.dataset
    mask = Path(config.data_root) / 'ann_dir' / 'train' / 'a.png'
    mask.write_bytes(mask.read_bytes()[:60])
    with pytest.raises(SampleError, match=r'a\.png: expected a complete 8-bit image'):
        DATASETS.build(config)[0]


def remembered(pipeline: list) -> list:
    """The pipeline with what loads in ``RememberSample``."""
    seed, load, labels, *others = pipeline
    return [seed, dict(type='RememberSample', transforms=[load, labels]), *others]


def test_a_step_that_fails_behind_a_raster_is_not_taken_for_the_raster(rasters, tmp_path):
    config = rasters.train_dataloader.dataset
    config.pipeline = remembered(config.pipeline)
    config.pipeline.insert(2, dict(type='LoadTeacherMaps', cache=str(tmp_path / 'none')))
    with pytest.raises(FileNotFoundError, match='none: expected a finished teacher cache'):
        DATASETS.build(config)[0]


@pytest.mark.parametrize('wrap', [list, remembered])
def test_a_distortion_of_colours_is_refused(rasters, wrap):
    config = rasters.train_dataloader.dataset
    config.pipeline.insert(5, dict(type='PhotoMetricDistortion'))
    config.pipeline = wrap(config.pipeline)
    with pytest.raises(ValueError, match='expected BandJitter after LoadRasterFromFile'):
        DATASETS.build(config)


def test_nothing_is_ignored_where_there_are_no_labels():
    sample = dict(nodata_mask=np.ones((2, 2), bool))
    assert TRANSFORMS.build(dict(type='IgnoreNodata'))(sample) == {}


LOADING = [
    dict(type='LoadImageFromFile', color_type='unchanged', imdecode_backend='pillow'),
    dict(type='LoadAnnotations'),
]


@pytest.fixture
def samples(tmp_path):
    """Two tiles of 8x8 pixels on disk, as a data set describes them."""
    random = np.random.default_rng(0)
    described = []
    for name in ('a', 'b'):
        image, labels = tmp_path / f'{name}.png', tmp_path / f'{name}_labels.png'
        Image.fromarray(random.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(image)
        Image.fromarray(random.integers(0, 4, (8, 8), dtype=np.uint8)).save(labels)
        described.append(dict(img_path=str(image), seg_map_path=str(labels)))
    return described


def given(sample: dict, index: int) -> dict:
    return dict(sample, sample_idx=index, seg_fields=[], reduce_zero_label=False, label_map=None)


def test_a_sample_is_loaded_once_and_its_copies_are_apart(samples, tmp_path):
    remember = TRANSFORMS.build(dict(type='RememberSample', transforms=LOADING))
    fresh = [Compose(LOADING)(given(sample, 0)) for sample in samples]
    first = [remember(given(sample, index)) for index, sample in enumerate(samples)]
    for sample in first:
        sample['img'][:] = 0
        sample['gt_seg_map'][:] = 9
        sample['seg_fields'].append('more')
    for path in tmp_path.iterdir():
        path.unlink()
    again = [remember(given(sample, index + 5)) for index, sample in enumerate(samples)]
    for index, (expected, found) in enumerate(zip(fresh, again, strict=True)):
        assert found['sample_idx'] == index + 5
        assert found['seg_fields'] == ['gt_seg_map']
        assert found['ori_shape'] == (8, 8)
        np.testing.assert_array_equal(found['img'], expected['img'])
        np.testing.assert_array_equal(found['gt_seg_map'], expected['gt_seg_map'])


def test_what_does_not_fit_is_loaded_each_time(samples):
    one = (8 * 8 * 4) / 2**30
    remember = TRANSFORMS.build(dict(type='RememberSample', transforms=LOADING, max_gib=one))
    for sample in samples:
        remember(given(sample, 0))
    assert list(remember.samples) == [samples[0]['img_path']]
    Image.fromarray(np.full((8, 8, 3), 7, np.uint8)).save(samples[1]['img_path'])
    assert (remember(given(samples[1], 0))['img'] == 7).all()
