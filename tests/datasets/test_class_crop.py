"""Crops around pixels of a drawn class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.datasets import ClassCrop


def sample(labels):
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
    drawn = [cut.transform(sample(labels))['gt_seg_map'] for _ in range(16)]
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
            [(cut.transform(sample(labels))['gt_seg_map'] == 1).any() for _ in range(800)]
        )

    assert seen(0) < 0.02
    assert seen(0.5) == pytest.approx(0.25, abs=0.05)
    assert seen(1) == pytest.approx(0.5, abs=0.06)


def test_an_image_without_labels_is_cropped_anywhere():
    labels = np.full((9, 9), 255, np.uint8)
    assert ClassCrop((4, 4), share=1.0).transform(sample(labels))['img'].shape == (4, 4, 3)


def test_a_share_beyond_all_is_refused():
    with pytest.raises(ValueError, match='share from 0 to 1, got 2'):
        ClassCrop((4, 4), share=2)
