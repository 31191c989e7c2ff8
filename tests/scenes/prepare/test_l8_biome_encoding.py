"""What a Landsat tile holds: 8-bit RGB or 16-bit bands, and class indices."""

from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.l8_biome import (
    choose_encoding,
    encode,
    make_tile,
    stretch,
)

MASK = Path('m.img')


def test_a_tile_is_stretched_from_its_darkest_to_its_brightest_value():
    # the authors: (x - min) / (max - min) over the three bands, times 255, as uint8
    bands = np.array([0.1, 0.2, 0.35, 0.6, 0.25, 0.3], np.float32).reshape(3, 1, 2)
    assert stretch(bands).tolist() == [[[0, 127, 76], [51, 255, 102]]]


def test_a_fixed_stretch_cuts_what_is_outside():
    bands = np.array([-0.1, 0.1, 0.3, 0.5, 0.6, np.nan]).reshape(3, 2, 1)
    assert stretch(bands, (0.1, 0.5)).tolist() == [[[0, 127, 255]], [[0, 255, 0]]]


def test_pixels_without_data_do_not_take_part_in_the_stretch():
    bands = np.full((3, 2, 2), 0.5, np.float32)
    bands[:, 0, 0], bands[:, 0, 1], bands[:, 1, 1] = 0.4, 0.6, np.nan
    assert stretch(bands)[..., 0].tolist() == [[0, 255], [127, 0]]


def test_sixteen_bits_hold_reflectance_and_kelvin():
    values = [0.12344, 1.5316, 0, -0.02, 7, 0.00006, 1e-9, 291.677]
    bands = np.float32(values)[:, None, None].repeat(2, axis=2)
    bands[:, 0, 1] = np.nan
    coded = encode(bands)
    assert coded.dtype == np.uint16
    # from 1, since 0 says that there are no data, and to 65,535
    assert coded[0, 0].tolist() == [1234, 15316, 1, 1, 65535, 1, 1, 29168]
    assert coded[0, 1].tolist() == [0] * 8


def test_labels_are_mapped_and_fill_is_ignored():
    labels = np.array([[0, 64, 128, 192, 255]], np.uint8)
    tile = make_tile(np.ones((3, 1, 5), np.float32), labels, MASK, choose_encoding('rgb', 'minmax'))
    assert tile.mask.tolist() == [[255, 1, 0, 2, 3]]


def test_an_unknown_label_is_named():
    labels = np.array([[0, 64, 7, 7]], np.uint8)
    with pytest.raises(
        ValueError, match=r'm\.img: expected mask values \[0, 64.*found 7 in 2 pixels$'
    ):
        make_tile(np.ones((3, 1, 4)), labels, MASK, choose_encoding('rgb', 'minmax'))


def test_a_pixel_without_one_band_or_without_label_is_empty():
    values = np.full((8, 2, 2), 0.3, np.float32)
    values[4, 0, 0] = np.inf
    labels = np.array([[64, 0], [128, 255]], np.uint8)
    tile = make_tile(values, labels, MASK, choose_encoding('all', 'minmax'))
    assert tile.mask.tolist() == [[255, 255], [0, 3]]
    assert (tile.image == 0).all(2).tolist() == [[True, True], [False, False]]
    assert tile.nodata == 0


def test_a_tile_without_data_is_none():
    encoding = choose_encoding('rgb', 'minmax')
    values, labels = np.ones((3, 2, 2), np.float32), np.full((2, 2), 64, np.uint8)
    assert make_tile(values, np.zeros_like(labels), MASK, encoding) is None
    assert make_tile(values * np.nan, labels, MASK, encoding) is None


@pytest.mark.parametrize('text', ['0.4,0', '2%,98%', ''])
def test_another_stretch_is_refused(text):
    with pytest.raises(ValueError, match=f"'minmax' or LOW,HIGH .*got '{text}'"):
        choose_encoding('rgb', text)


@pytest.mark.parametrize(('bands', 'text'), [('all', '0,0.4'), ('nir', 'minmax')])
def test_other_bands_and_sixteen_bits_with_a_stretch_are_refused(bands, text):
    with pytest.raises(ValueError, match=f"'all' without a stretch, got '{bands}' with '{text}'"):
        choose_encoding(bands, text)
