"""Augmentations move image and labels together, whatever the number of bands."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from mmseg.registry import TRANSFORMS

from ktda_mmseg.datasets import ClassCrop, RandomCoarsen
from ktda_mmseg.engine.exact_resume import SeededIndex


def sample_of(labels: np.ndarray, bands: int = 8) -> dict:
    """A sample in which band b of a pixel is its label times b + 1."""
    image = labels[..., None] * np.arange(1, bands + 1, dtype=np.float32)
    return dict(
        img=image, img_shape=labels.shape, gt_seg_map=labels.copy(), seg_fields=['gt_seg_map']
    )


def numbered(height: int, width: int) -> np.ndarray:
    return np.arange(height * width, dtype=np.int64).reshape(height, width)


def apply(sample: dict, *steps: dict) -> dict:
    for step in steps:
        sample = TRANSFORMS.build(step)(sample)
    return sample


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_turned_flipped_and_cut_pixels_keep_their_labels(height, width, bands, seed):
    np.random.seed(seed)
    turned = apply(
        sample_of(numbered(height, width), bands),
        dict(type='RandomRotate90'),
        dict(type='RandomFlip', prob=0.7, direction=['horizontal', 'vertical', 'diagonal']),
    )
    labels = turned['gt_seg_map']
    assert turned['img'].shape == (*labels.shape, bands)
    assert turned['img_shape'] == labels.shape
    np.testing.assert_array_equal(turned['img'], sample_of(labels, bands)['img'])
    assert sorted(labels.ravel()) == [*range(height * width)]
    cut = apply(turned, dict(type='RandomCrop', crop_size=(3, 4)))
    assert cut['gt_seg_map'].shape == (min(3, labels.shape[0]), min(4, labels.shape[1]))
    np.testing.assert_array_equal(cut['img'], sample_of(cut['gt_seg_map'], bands)['img'])


def test_the_four_quarter_turns_occur():
    start = numbered(2, 3)
    turns = [start, start.T[::-1], start[::-1, ::-1], start[::-1].T]
    found = []
    for seed in range(40):
        np.random.seed(seed)
        labels = apply(sample_of(start), dict(type='RandomRotate90'))['gt_seg_map']
        found += [index for index, turn in enumerate(turns) if np.array_equal(labels, turn)]
    assert len(found) == 40
    assert set(found) == {0, 1, 2, 3}


@pytest.mark.parametrize('bands', [5, 8, 13])
def test_a_resize_treats_every_band_like_a_single_one(bands):
    np.random.seed(1)
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 1, (20, 30, bands)).astype(np.float32)
    labels = rng.integers(0, 5, (20, 30)).astype(np.uint8)
    sample = dict(sample_of(labels), img=image)
    scaled = apply(
        sample, dict(type='RandomResize', scale=(30, 20), ratio_range=(0.6, 1.7), keep_ratio=True)
    )
    height, width = scaled['img_shape']
    assert (height, width) != (20, 30)
    for band in range(bands):
        expected = cv2.resize(image[..., band], (width, height), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(scaled['img'][..., band], expected, atol=1e-6)
    assert scaled['gt_seg_map'].shape == (height, width)
    assert set(np.unique(scaled['gt_seg_map'])) <= set(range(5))


def test_jitter_is_one_gain_and_offset_a_band_within_its_range():
    rng = np.random.default_rng(0)
    image = rng.uniform(1, 2, (6, 7, 4)).astype(np.float32)
    gain, offset = [0.2, 0.2, 0.0, 0.0], [0.0, 0.5, 3.0, 0.0]
    step = dict(type='BandJitter', gain=gain, offset=offset)
    lines = []
    for _ in range(50):
        jittered = apply(dict(img=image), step)['img']
        assert jittered.dtype == np.float32
        pairs = zip(np.moveaxis(image, -1, 0), np.moveaxis(jittered, -1, 0))
        lines.append([np.polyfit(x.ravel(), y.ravel(), 1) for x, y in pairs])
        fitted = np.transpose(lines[-1])[..., None, None] * np.ones((6, 7))
        np.testing.assert_allclose(
            np.moveaxis(fitted[0], 0, -1) * image + np.moveaxis(fitted[1], 0, -1), jittered, 1e-4
        )
    gains, offsets = np.moveaxis(np.array(lines), -1, 0)
    reach = np.abs(gains - 1).max(0), np.abs(offsets).max(0)
    for found, limit in zip(reach, (gain, offset)):
        assert (found <= np.add(limit, 1e-4)).all()
        assert (found >= np.multiply(limit, 0.8)).all()
    assert np.ptp(gains[:, 0] - gains[:, 1]) > 0.1  # bands vary on their own


def test_jitter_takes_one_band_without_an_axis():
    image = np.ones((4, 5), np.uint8)
    jittered = apply(dict(img=image), dict(type='BandJitter', gain=0.1, offset=0.1))['img']
    assert jittered.shape == (4, 5)
    assert np.ptp(jittered) == 0
    assert 0.8 <= jittered[0, 0] <= 1.2


def test_a_seeded_sample_is_augmented_the_same_again():
    def augment(seed: int) -> np.ndarray:
        sample = sample_of(numbered(6, 6))
        sample['sample_idx'] = SeededIndex.create(0, seed)
        steps = [dict(type=name) for name in ('SeedSample', 'RandomRotate90', 'BandJitter')]
        return apply(sample, *steps)['img']

    np.testing.assert_array_equal(augment(3), augment(3))
    assert not np.array_equal(augment(3), augment(4))


def test_jitter_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match='expected gain of at least 0'):
        TRANSFORMS.build(dict(type='BandJitter', gain=[0.1, -0.1]))
    with pytest.raises(ValueError, match='offset .* each of the 8 bands, got 3 values'):
        apply(sample_of(numbered(2, 2)), dict(type='BandJitter', offset=[1, 2, 3]))


def labelled(labels):
    return dict(img=np.stack([labels] * 3, axis=2), gt_seg_map=labels, seg_fields=['gt_seg_map'])


@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(4, 20), st.integers(4, 20)),
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
)
def test_a_crop_stays_inside_and_holds_the_class(seed, size, crop):
    np.random.seed(seed)
    labels = np.zeros(size, np.uint8)
    labels[np.random.randint(size[0]), np.random.randint(size[1])] = 1
    cut = ClassCrop(crop, share=1.0)
    drawn = [cut.transform(labelled(labels))['gt_seg_map'] for _ in range(16)]
    assert {part.shape for part in drawn} == {(min(size[0], crop[0]), min(size[1], crop[1]))}
    # one of two classes is one pixel: half of the crops are drawn for it
    assert any((part == 1).any() for part in drawn)


def test_a_rare_class_is_seen_as_often_as_its_share_says():
    labels = np.zeros((200, 200), np.uint8)
    labels[120, 30] = 1
    labels[:10] = 255

    def seen(share):
        np.random.seed(0)
        cut = ClassCrop([10, 10], share=share)
        return np.mean(
            [(cut.transform(labelled(labels))['gt_seg_map'] == 1).any() for _ in range(800)]
        )

    assert seen(0) < 0.02
    assert seen(0.5) == pytest.approx(0.25, abs=0.05)
    assert seen(1) == pytest.approx(0.5, abs=0.06)


def test_an_image_without_labels_is_cropped_anywhere():
    labels = np.full((9, 9), 255, np.uint8)
    assert ClassCrop((4, 4), share=1.0).transform(labelled(labels))['img'].shape == (4, 4, 3)


def test_a_share_beyond_all_is_refused():
    with pytest.raises(ValueError, match='share from 0 to 1, got 2'):
        ClassCrop((4, 4), share=2)


@pytest.mark.parametrize('shape', [(6, 10), (6, 10, 1), (6, 10, 3), (6, 10, 13)])
@pytest.mark.parametrize('dtype', ['uint8', 'int16', 'uint32', 'float32'])
def test_twice_as_coarse_is_averaged_and_interpolated(shape, dtype, monkeypatch):
    image = np.random.default_rng(0).uniform(0, 200, shape).astype(dtype)
    coarsen = RandomCoarsen(largest=2)
    monkeypatch.setattr(coarsen, '_draw', lambda: 2.0)
    found = coarsen(dict(img=image))['img']
    planes = torch.from_numpy(image.reshape(6, 10, -1).astype('float32')).permute(2, 0, 1)[None]
    expected = F.interpolate(F.avg_pool2d(planes, 2), scale_factor=2, mode='bilinear')
    expected = expected[0].permute(1, 2, 0).numpy().reshape(shape)
    assert found.dtype == np.float32 and not np.array_equal(found, image)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(1, 20), st.integers(0, 2**32 - 1))
def test_a_flat_image_stays_and_so_do_labels(height, width, largest, seed):
    np.random.seed(seed)
    sample = sample_of(np.full((height, width), 7), bands=5)
    found = apply(dict(sample), dict(type='RandomCoarsen', largest=largest, prob=1))
    np.testing.assert_allclose(found['img'], sample['img'], rtol=1e-5)
    np.testing.assert_array_equal(found['gt_seg_map'], sample['gt_seg_map'])


def test_a_share_of_images_is_coarsened_by_up_to_the_largest():
    np.random.seed(0)
    coarsen = RandomCoarsen(largest=3, prob=0.25)
    drawn = np.array([coarsen._draw() for _ in range(4000)])
    assert np.mean(drawn > 1) == pytest.approx(0.25, abs=0.03)
    low, middle, high = np.quantile(drawn[drawn > 1], [0, 0.5, 1])
    assert (low, middle, high) == pytest.approx((1, 2, 3), abs=0.1)


def test_what_can_be_coarsened_is_said():
    for wrong in (dict(largest=0.5), dict(prob=1.5)):
        with pytest.raises(ValueError, match='expected largest of at least 1 and prob'):
            RandomCoarsen(**wrong)
