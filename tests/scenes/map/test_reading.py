"""Scenes are read as in training, ahead of what works on them; what is wrong is one error."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from ktda_mmseg.datasets.loading import LoadRasterFromFile
from ktda_mmseg.scenes.map.reading import SceneReader, ahead

rasterio = pytest.importorskip('rasterio')


@pytest.fixture
def bands():
    """Bands of float32 with all kinds of empty pixels."""
    values = np.random.default_rng(0).normal(size=(3, 20, 30)).astype(np.float32)
    values[:, 3, 4] = values[2, 5, 6] = -1
    values[:, 7, 8] = values[0, 17, 10] = np.nan
    values[0, 19, 29] = np.inf
    return values


@pytest.mark.parametrize(('nodata', 'empty'), [(None, 2), (0.5, 2), ('any', 5)])
def test_values_and_empty_pixels_are_those_of_training(bands, card, write, nodata, empty):
    bands[:, 9, 9] = 0.5
    path = write(bands, nodata=None if nodata == 0.5 else -1)
    load = LoadRasterFromFile(bands=[3, 1], nodata=nodata, fill=[7, 9])
    expected = load.transform(dict(img_path=str(path)))
    with SceneReader(path, replace(card, bands=(3, 1), nodata=nodata)) as reader:
        values, valid = reader.read_rows(0, 20)
    assert values.dtype == np.float32 and valid.dtype == bool
    np.testing.assert_array_equal(values.transpose(1, 2, 0), expected['img'].astype(np.float32))
    np.testing.assert_array_equal(~valid, expected['nodata_mask'])
    assert (~valid).sum() == empty


def test_rows_lie_where_they_are_asked_for(bands, card, write):
    path = write(bands)
    with SceneReader(path, card) as reader:
        values, valid = reader.read_rows(8, 13)
        ahead_of = list(reader.read_ahead([(0, 3), (2, 20)]))
    np.testing.assert_array_equal(values, bands[:2, 8:13])
    assert valid.shape == (5, 30) and valid.all()
    assert [rows.shape for rows, _ in ahead_of] == [(2, 3, 30), (2, 18, 30)]
    np.testing.assert_array_equal(ahead_of[1][0][1, 10], bands[1, 12])


def test_other_bands_can_be_asked_for(bands, card, write):
    with SceneReader(write(bands), card, bands=[3, 2]) as reader:
        np.testing.assert_array_equal(reader.read_rows(10, 11)[0], bands[[2, 1], 10:11])


def test_the_profile_is_what_rasterio_says(bands, card, write):
    path = write(bands, nodata=-1)
    with SceneReader(path, card) as reader, rasterio.open(path) as raster:
        place = (path, 20, 30, raster.crs, raster.transform, ([], None), {}, False)
        assert reader.profile == place


def test_an_alpha_band_leaves_pixels_out(card, write):
    bands = np.full((4, 4, 5), 100, np.uint8)
    bands[3, 1, 2] = 0
    path = write(bands, photometric='RGB', alpha='YES')
    with SceneReader(path, card) as reader:
        _, valid = reader.read_rows(0, 4)
    assert np.argwhere(~valid).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ('stored', 'dtype', 'bands', 'message'),
    [
        (np.ones((2, 4, 4), np.complex64), None, None, r'scene\.tif: .* real .* complex64;'),
        (np.ones((1, 4, 4)), None, None, r'scene\.tif: expected bands \(1, 2\), found 1 bands'),
        (np.ones((3, 4, 4)), None, [1, 2, 3], r'expected 2 bands, as many .* got \[1, 2, 3\]'),
        (np.ones((2, 4, 4)), 'uint8', None, r"scene\.tif: .* uint8, found \['float64'\]"),
    ],
    ids=['complex', 'too few', 'another number', 'another type'],
)
def test_other_bands_than_the_model_takes(card, write, stored, dtype, bands, message):
    with pytest.raises(ValueError, match=message):
        SceneReader(write(stored), replace(card, dtype=dtype), bands)


def test_no_file_and_no_raster(card, tmp_path):
    with pytest.raises(FileNotFoundError, match='gone.tif: expected a raster'):
        SceneReader(tmp_path / 'gone.tif', card)
    (tmp_path / 'text.tif').write_text('no raster')
    with pytest.raises(ValueError, match='text.tif: expected a complete raster'):
        SceneReader(tmp_path / 'text.tif', card)


def test_a_truncated_file_fails_where_it_is_cut(card, write):
    bands = np.random.default_rng(0).integers(0, 256, (2, 200, 100)).astype(np.uint8)
    path = write(bands, interleave='pixel', blockysize=10)
    path.write_bytes(path.read_bytes()[:30_000])
    with SceneReader(path, card) as reader:
        np.testing.assert_array_equal(reader.read_rows(0, 20)[0], bands[:, :20])
        with pytest.raises(ValueError, match='scene.tif: expected a complete raster'):
            reader.read_rows(150, 200)


def test_a_reader_leaves_no_thread_and_no_open_file(bands, card, write):
    before = threading.active_count()
    path = write(bands)
    with SceneReader(path, card) as reader:
        raster = reader._raster
        assert threading.active_count() == before + 1
    assert raster.closed
    with pytest.raises(ValueError):
        SceneReader(path, replace(card, bands=(1, 9)))
    assert threading.active_count() == before


@pytest.mark.parametrize('count', [1, 2])
def test_ahead_works_on_what_follows_while_an_item_is_used(count):
    started = []
    last = threading.Event()

    def work(item):
        started.append(item)
        if item == 1 + count:
            last.set()
        return item * 10

    with ThreadPoolExecutor(1) as thread:
        results = ahead(thread, work, iter([1, 2, 3, 4]), count)
        assert next(results) == 10
        assert last.wait(200)
        assert started == [1, 2, 3][: 1 + count]
        assert list(results) == [20, 30, 40]
        assert list(ahead(thread, work, [], count)) == []
