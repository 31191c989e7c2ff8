"""Chips of one picture that fell into different splits are noticed by their borders."""

import cv2
import numpy as np
import pytest

from ktda_mmseg.scenes.check.borders import borders
from ktda_mmseg.scenes.check.running import check

SIDE = 80
KIND = 'neighbours across splits'


def picture(seed, bands=3):
    """Smooth noise, as ground has it, 4x4 chips large."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(4 * SIDE, 4 * SIDE, bands)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(128 + 55 * blurred / blurred.std(), 0, 255).astype(np.uint8)


def chips(data, sources):
    """Put chips (row, column) of pictures in the place of the data set's images."""
    pairs = [(split, name) for split, names in dict(train='abc', val='de', test='fg').items()
             for name in names]  # fmt: skip
    labels = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 5
    for (split, name), (image, row, column) in zip(pairs, sources, strict=True):
        part = image[row * SIDE :, column * SIDE :][:SIDE, :SIDE]
        data.write_image(split, name, part)
        data.write_mask(split, name, labels)


def test_neighbours_in_different_splits_are_warned_of(rgb):
    one, other = picture(0), picture(1)
    places = [(0, 0), (0, 1), (2, 2), (0, 2), (3, 2)]
    chips(rgb, [*((one, *place) for place in places), (other, 0, 0), (other, 3, 3)])
    found = [f for f in check(rgb.config()).faults if f.kind == KIND]
    assert [[path.stem for path in fault.files] for fault in found] == [['d', 'b'], ['e', 'c']]
    assert 'found its left border to go on in' in found[0].message and '--group' in found[0].message
    assert 'its top border' in found[1].message and found[0].severity == 'warning'


def test_pictures_that_have_nothing_in_common_are_not(rgb):
    chips(rgb, [(picture(seed), 0, 0) for seed in range(7)])
    assert KIND not in {fault.kind for fault in check(rgb.config()).faults}


def test_chips_with_a_place_are_left_to_the_overlap_on_the_ground(rgb):
    rasterio = pytest.importorskip('rasterio')
    one = picture(0)
    places = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2)]
    chips(rgb, [(one, *place) for place in places])
    for path in sorted((rgb.root / 'img_dir').rglob('*.png')):
        with rasterio.open(path, 'r+') as raster:
            raster.crs = 'EPSG:32632'
            raster.transform = rasterio.Affine(1, 0, 9e5 + 1e4 * ord(path.stem), 0, -1, 5e6)
    assert KIND not in {fault.kind for fault in check(rgb.config()).faults}


def test_small_images_and_what_is_no_number(rgb):
    assert borders(np.zeros((63, 200, 3))) is None
    pixels = picture(3).astype(np.float32)
    pixels[0, 5] = np.nan
    assert np.isfinite(borders(pixels).grey).all()
