"""Remembered samples equal loaded ones, whatever is done to the copies."""

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmseg.registry import TRANSFORMS
from PIL import Image

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


def load(sample: dict, index: int, step: object) -> dict:
    return step(given(sample, index))


def test_a_sample_is_loaded_once_and_its_copies_are_apart(samples, tmp_path):
    remember = TRANSFORMS.build(dict(type='RememberSample', transforms=LOADING))
    fresh = [load(sample, 0, Compose(LOADING)) for sample in samples]
    first = [load(sample, index, remember) for index, sample in enumerate(samples)]
    for sample in first:
        sample['img'][:] = 0
        sample['gt_seg_map'][:] = 9
        sample['seg_fields'].append('more')
    for path in tmp_path.iterdir():
        path.unlink()
    again = [load(sample, index + 5, remember) for index, sample in enumerate(samples)]
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
        load(sample, 0, remember)
    assert list(remember.samples) == [samples[0]['img_path']]
    Image.fromarray(np.full((8, 8, 3), 7, np.uint8)).save(samples[1]['img_path'])
    assert (load(samples[1], 0, remember)['img'] == 7).all()
