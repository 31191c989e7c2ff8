"""Maps read from disk are those that the teacher gives, and nothing else is ever served."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS
from torch.utils.data import DataLoader

from ktda_mmseg.caching.build import build_caches, describe
from ktda_mmseg.caching.store import INDEX, TeacherCache, content_key
from ktda_mmseg.caching.transforms import read_maps
from ktda_mmseg.caching.views import check_steps, views_of
from ktda_mmseg.datasets import SampleError
from ktda_mmseg.scenes.prepare.synthetic import prepare

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
TURNS = [dict(type='RandomFlip', prob=0.5), dict(type='RandomRotate90')]


@pytest.fixture
def config(tmp_path, tiny_model) -> Config:
    """A tiny KTDA model with 64 px tiles, flipped, turned and cached."""
    prepare(tmp_path / 'data', size=64, train=3, val=1, test=1)
    config = Config.fromfile(CONFIGS / 'quickstart' / 'synthetic.py')
    _, load, labels, check, _, _, distortion, _ = config.train_pipeline
    cache = dict(type='LoadTeacherMaps', cache=str(tmp_path / 'cache'))
    pack = dict(type='PackTransferInputs')
    config.model = tiny_model
    weights = tmp_path / 'teacher.pth'
    torch.save(MODELS.build({**tiny_model.teacher}).state_dict(), weights)
    config.model.teacher.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
    dataset = config.train_dataloader.dataset
    dataset.data_root = str(tmp_path / 'data')
    dataset.pipeline = [load, labels, check, *TURNS, cache, distortion, pack]
    return config


def build_one(config: Config, **options) -> TeacherCache:
    [cache] = build_caches(config, **options)
    return cache


def batch(config: Config) -> dict:
    dataset = DATASETS.build(config.train_dataloader.dataset)
    samples = [dataset[index] for index in range(3)]
    return {key: [sample[key] for sample in samples] for key in samples[0]}


def test_the_maps_are_the_teachers_own(config):
    cache = build_one(config)
    # two flips of four turns make the eight symmetries of a square
    assert len(cache) == 3 * 8 and '24 views' in describe(cache)

    config.train_dataloader.dataset.pipeline.pop(-2)  # the teacher sees no distortion
    model = MODELS.build(config.model)
    data = model.data_preprocessor(batch(config), training=True)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.isfinite(model.loss(**data)['transfer.loss_l2'])
    losses = model.loss(**data)
    for sample in data['data_samples']:
        sample.pop('teacher_maps')
    for name, expected in model.loss(**data).items():
        # half precision on disk
        assert losses[name].item() == pytest.approx(expected.item(), rel=2e-3), name
    levels = model.teacher(data['inputs'])
    assert len({level.shape for level in levels}) == 1 and levels[0].shape[1] == 32


@pytest.mark.parametrize('start', ['fork', 'spawn'])
def test_workers_read_no_more_maps_once_nobody_compares_them(config, start):
    build_one(config)
    parts = [dict(type='RepeatDataset', dataset=config.train_dataloader.dataset, times=4)]
    dataset = DATASETS.build(dict(type='ConcatDataset', datasets=parts))
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=1,
        persistent_workers=True,
        multiprocessing_context=start,
    )
    for wanted in (True, False, True):
        read_maps(dataset, wanted)
        samples = [sample['data_samples'] for sample in loader]
        assert len(samples) == 12 and all(('teacher_maps' in x) == wanted for x in samples)


def test_all_data_sets_that_are_trained_on_are_in_the_cache(config):
    train = config.train_dataloader.dataset
    more = dict(train, data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'))
    parts = [dict(type='RepeatDataset', dataset=train, times=2), more]
    config.train_dataloader.dataset = dict(type='ConcatDataset', datasets=parts)
    assert len(build_one(config)) == (3 + 1) * 8
    dataset = DATASETS.build(config.train_dataloader.dataset)
    assert len(dataset) == 2 * 3 + 1
    assert all('teacher_maps' in dataset[index]['data_samples'] for index in range(7))
    parts[1]['pipeline'] = [step for step in train.pipeline if step not in TURNS]
    config.train_dataloader.dataset = dict(type='ConcatDataset', datasets=parts)
    with pytest.raises(ValueError, match='found another in the one of index 1'):
        build_one(config)


def test_another_teacher_is_refused(config):
    build_one(config)
    config.model.teacher.init_cfg = None  # random weights
    model = MODELS.build(config.model)
    data = model.data_preprocessor(batch(config), training=True)
    with pytest.raises(ValueError, match='expected a teacher cache made by this model.teacher'):
        model.loss(**data)


def test_a_changed_image_is_refused_and_named(config, tmp_path):
    build_one(config)
    image = sorted((tmp_path / 'data' / 'img_dir' / 'train').iterdir())[0]
    other = sorted((tmp_path / 'data' / 'img_dir' / 'val').iterdir())[0]
    image.write_bytes(other.read_bytes())
    with pytest.raises(SampleError, match=f'{image.name}: expected its maps'):
        batch(config)


def test_a_cache_of_other_images_is_replaced_by_request_only(config, tmp_path):
    first = build_one(config)
    train = tmp_path / 'data' / 'img_dir' / 'train'
    sorted(train.iterdir())[0].write_bytes(
        sorted((tmp_path / 'data' / 'img_dir' / 'val').iterdir())[0].read_bytes()
    )
    assert len(build_one(config)) == len(first)  # some are known: the set has changed
    index = (first.folder / INDEX).read_bytes()

    prepare(tmp_path / 'other', size=64, train=2, val=1, test=1, seed=1)
    config.train_dataloader.dataset.data_root = str(tmp_path / 'other')
    with pytest.raises(ValueError, match=r'cache: expected no cache or one of .* --overwrite'):
        build_one(config)
    assert (first.folder / INDEX).read_bytes() == index
    assert len(build_one(config, overwrite=True)) == 2 * 8


def test_a_partial_cache_is_refused_and_finished_later(config, tmp_path):
    first = build_one(config, images_per_shard=1)
    shards = sorted(first.folder.rglob('*.npy'))
    kept, lost = shards[0], shards[1]
    before = kept.stat().st_mtime_ns
    lost.write_bytes(lost.read_bytes()[:-64])
    with pytest.raises(ValueError, match=r'shard_00001'):
        TeacherCache(first.folder)
    lost.unlink()
    with pytest.raises(FileNotFoundError, match=r'shard_00001\.npy: expected a shard'):
        batch(config)
    (first.folder / INDEX).unlink()
    with pytest.raises(FileNotFoundError, match='expected a finished teacher cache'):
        batch(config)
    again = build_one(config, images_per_shard=1)
    assert len(again) == len(first) and lost.exists()
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ('step', 'message'),
    [
        (dict(type='PhotoMetricDistortion'), 'got PhotoMetricDistortion'),
        (dict(type='RandomResize'), 'got RandomResize'),
    ],
)
def test_what_has_endless_views_is_refused(step, message):
    with pytest.raises(ValueError, match=message):
        check_steps([step])


def test_a_random_crop_is_refused_where_it_cuts():
    step = dict(type='RandomCrop', crop_size=(4, 4))
    assert len(views_of(np.zeros((4, 4, 3), np.uint8), [step])) == 1
    with pytest.raises(ValueError, match=r'at most crop_size \(4, 4\)'):
        views_of(np.zeros((4, 5, 3), np.uint8), [step])


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(['horizontal', 'vertical']))
def test_every_view_that_the_transforms_make_is_listed(height, width, direction):
    from mmseg.registry import TRANSFORMS

    steps = [dict(type='RandomFlip', prob=0.5, direction=direction), dict(type='RandomRotate90')]
    image = np.random.default_rng(0).integers(256, size=(height, width, 3)).astype(np.uint8)
    views = views_of(image, steps)
    transforms = [TRANSFORMS.build(step) for step in steps]
    for _ in range(10):
        results = dict(img=image, img_shape=image.shape[:2])
        for transform in transforms:
            results = transform(results)
        assert content_key(results['img']) in views
