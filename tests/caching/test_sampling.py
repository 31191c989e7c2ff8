"""A crop of an image reads its part of the whole image's maps, however it was cut and turned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmseg.registry import TRANSFORMS

import ktda_mmseg  # noqa: F401
from ktda_mmseg.caching.transforms import PIXELS, TrackPixels, sample_maps, split_levels


def ramps(height, width, cell):
    """Maps of rows, columns and their product, at the centres of cells of an image."""
    y, x = ((np.arange(side // cell) + 0.5) * cell for side in (height, width))
    return np.stack(np.broadcast_arrays(y[:, None], x[None], y[:, None] * x[None] / 64))


@given(
    seed=st.integers(0, 10**6),
    size=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    crop=st.tuples(st.integers(9, 17), st.integers(9, 17)),
    patch=st.sampled_from([2, 4, 5]),
)
def test_a_view_reads_what_lies_there(seed, size, crop, patch):
    """Bilinear reading of ramps gives the means of the pixels' own ramps in each cell."""
    cell = 4
    height, width = (cell * side for side in size)
    y, x = np.mgrid[:height, :width] + 0.5
    sample = dict(img=np.stack([y, x, y * x / 64], axis=2), img_shape=(height, width))
    sample = TrackPixels().transform(sample)
    np.random.seed(seed)
    for step in (
        dict(type='RandomCrop', crop_size=crop),
        dict(type='RandomRotate90'),
        dict(type='RandomFlip', prob=0.5, direction=['horizontal', 'vertical']),
    ):
        sample = TRANSFORMS.build(step).transform(sample)
    (found,) = sample_maps([ramps(height, width, cell)], sample[PIXELS], (height, width), patch)
    rows, columns = (-(-side // patch) for side in sample['img'].shape[:2])
    assert found.shape == (3, rows, columns) and found.dtype == np.float16
    # the view's own ramps at the centres of its cells
    view = sample['img']
    for row in range(rows):
        for column in range(columns):
            at = [
                (i + 0.5) * side / cells - 0.5
                for i, side, cells in zip((row, column), view.shape, (rows, columns))
            ]
            corners = [
                view[int(np.floor(at[0])) + i, int(np.floor(at[1])) + j]
                for i in range(2 if at[0] % 1 else 1)
                for j in range(2 if at[1] % 1 else 1)
            ]
            weights = [
                (a if i else 1 - a) * (b if j else 1 - b)
                for a, b in [(at[0] % 1, at[1] % 1)]
                for i in range(2 if a else 1)
                for j in range(2 if b else 1)
            ]
            expected = sum(w * c for w, c in zip(weights, corners))
            # beyond the outermost centres of the map there is nothing to interpolate
            edges = [cell / 2, cell / 2], [height - cell / 2, width - cell / 2]
            inside = np.clip(expected[:2], *edges)
            expected = np.array([*inside, inside[0] * inside[1] / 64])
            np.testing.assert_allclose(found[:, row, column], expected, rtol=2e-3, atol=2e-3)


def test_the_whole_image_reads_the_maps_as_they_are():
    level = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float16)
    pixels = np.arange(21 * 28).reshape(21, 28)
    (found,) = sample_maps([level], pixels, (21, 28))
    np.testing.assert_allclose(found, level, rtol=1e-3)
    turned = np.rot90(pixels)
    (found,) = sample_maps([level], turned, (21, 28))
    np.testing.assert_allclose(found, np.rot90(level, axes=(1, 2)), rtol=1e-3)


def test_levels_lie_end_to_end():
    shapes = ((2, 3, 4), (1, 5, 1))
    levels = list(split_levels(np.arange(29), shapes))
    assert [level.shape for level in levels] == list(shapes)
    assert levels[1].ravel().tolist() == list(range(24, 29))


def test_a_patch_size_for_another_number_of_levels_is_named():
    with pytest.raises(ValueError, match=r'LoadTeacherMaps\.patch_size to be one number or 1'):
        sample_maps([np.zeros((1, 2, 2))], np.arange(4).reshape(2, 2), (2, 2), [8, 16])
