"""Landsat 8 metadata, and what its numbers make of digital numbers."""

import math

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.landsat_scene import read_metadata


def edit(path, old, new):
    """Replace text in a file that must hold it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_keys_of_all_groups_are_read_without_quotation_marks(mtl):
    values = read_metadata(mtl).values
    assert values['LANDSAT_SCENE_ID'] == 'LC80010732013109LGN00'
    assert values['SUN_ELEVATION'] == '41.5'
    assert not {'GROUP', 'END_GROUP', 'END'} & values.keys()


def test_what_follows_the_end_does_not_count(mtl):
    mtl.write_bytes(mtl.read_bytes() + b'\0' * 500)
    assert read_metadata(mtl).number('SUN_ELEVATION') == 41.5


def test_collection_1_reads_the_same(mtl):
    edit(
        mtl,
        '    FILE_DATE',
        '    LANDSAT_PRODUCT_ID = "LC08_L1TP"\n    COLLECTION_NUMBER = 01\n    FILE_DATE',
    )
    edit(mtl, 'GROUP = TIRS_THERMAL', 'GROUP = THERMAL')
    assert read_metadata(mtl).number('K1_CONSTANT_BAND_10') == 774.8853


def test_reflectance_by_hand(mtl):
    edit(mtl, 'SUN_ELEVATION = 41.5', 'SUN_ELEVATION = 30')
    edit(mtl, 'REFLECTANCE_MULT_BAND_4 = 2.0000E-05', 'REFLECTANCE_MULT_BAND_4 = 3E-05')
    counts = np.array([[5000, 10000], [55000, 65535]], np.uint16)
    metadata = read_metadata(mtl)
    # (2e-5 * 10000 - 0.1) / sin(30 degrees) = 0.1 / 0.5
    np.testing.assert_allclose(
        metadata.reflectance(counts, 3), [[0, 0.2], [2, 2.4214]], rtol=1e-6, atol=1e-6
    )
    np.testing.assert_allclose(metadata.reflectance(counts[0], 4), [0.1, 0.4], rtol=1e-5)


def test_brightness_temperature_by_hand(mtl):
    # a radiance of K1 / (e - 1) is seen at K2 kelvin
    edit(mtl, 'RADIANCE_MULT_BAND_10 = 3.3420E-04', f'RADIANCE_MULT_BAND_10 = {1 / (math.e - 1)}')
    edit(mtl, 'RADIANCE_ADD_BAND_10 = 0.10000', 'RADIANCE_ADD_BAND_10 = 0')
    edit(mtl, 'K1_CONSTANT_BAND_10 = 774.8853', 'K1_CONSTANT_BAND_10 = 20000')
    found = read_metadata(mtl).brightness_temperature(np.array([20000], np.uint16), 10)
    np.testing.assert_allclose(found, [1321.0789], rtol=1e-6)
    assert found.dtype == np.float32


def test_a_warm_surface_is_as_warm_as_usgs_says(mtl):
    # 300 K in the inverted Planck equation: L = K1 / (exp(K2 / T) - 1); counts = (L - A) / M
    radiance = 774.8853 / (math.exp(1321.0789 / 300) - 1)
    counts = np.array([round((radiance - 0.1) / 3.342e-4)], np.uint16)
    assert read_metadata(mtl).brightness_temperature(counts, 10)[0] == pytest.approx(300, abs=5e-3)


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('    SUN_ELEVATION = 41.5\n', '', 'as SUN_ELEVATION, found no such key$'),
        ('= 41.5', '= "high"', 'a number as SUN_ELEVATION, found high$'),
        ('= 41.5', '= NaN', 'a number as SUN_ELEVATION, found NaN$'),
        ('= 41.5', '= -3.5', r'SUN_ELEVATION above 0 degrees, found -3\.5$'),
        ('    REFLECTANCE_ADD_BAND_4 = -0.100000\n', '', 'as REFLECTANCE_ADD_BAND_4, found no'),
        ('    SUN_ELEVATION = 41.5', '    SUN_ELEVATION', "found '    SUN_ELEVATION' in line 2"),
        ('  END_GROUP = IMAGE_ATTRIBUTES\n', '', 'found .*END_GROUP = L1_METADATA_FILE'),
        ('\nEND\n', '\n', 'END as last line, found none; the file is cut off$'),
        ('\nEND_GROUP = L1_METADATA_FILE\n', '\n', "found 'END' in line"),
    ],
)  # fmt: skip
def test_a_fault_names_the_file_and_the_key(mtl, old, new, message):
    edit(mtl, old, new)
    with pytest.raises(ValueError, match=rf'LC80010732013109LGN00_MTL\.txt: expected .*{message}'):
        read_metadata(mtl).reflectance(np.ones(1, np.uint16), 4)


@pytest.mark.parametrize('key', ['RADIANCE_MULT_BAND_10', 'K1_CONSTANT_BAND_10'])
def test_a_missing_thermal_key_is_named(mtl, key):
    edit(mtl, f'    {key} =', '    X =')
    with pytest.raises(ValueError, match=f'a number as {key}, found no such key'):
        read_metadata(mtl).brightness_temperature(np.ones(1, np.uint16), 10)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='LC8_MTL.txt'):
        read_metadata(tmp_path / 'LC8_MTL.txt')
