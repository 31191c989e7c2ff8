"""Seams are found where a map has them, and only there."""

import numpy as np
import pytest

from ktda_mmseg.benchmark.seams import Seams, measure_seams
from ktda_mmseg.scenes.map.card import ModelCard

rasterio = pytest.importorskip('rasterio')
WINDOW = 32


class Model:
    """Tells noise of two classes apart, more or less well towards the ends of its windows."""

    identity = 'model'

    def __init__(self, flawed):
        self.card = ModelCard(
            classes=('a', 'b'), palette=((0, 0, 0), (9, 9, 9)), bands=(1,), mean=(0.0,),
            std=(1.0,), fill=(0.0,), nodata=None, dtype=None, window=(WINDOW, WINDOW),
        )  # fmt: skip
        ends = np.minimum(np.arange(WINDOW), np.arange(WINDOW)[::-1]) < 3
        self.flaw = 0.3 * flawed * (ends[:, None] | ends)

    def __call__(self, images):
        score = np.clip(images[:, 0] + self.flaw, 0, 1).astype(np.float32)
        return np.stack([1 - score, score], 1)


@pytest.fixture
def scene(tmp_path):
    values = np.random.default_rng(0).uniform(0, 1, (150, 170)).astype(np.float32)
    values[:, 100:] = -1
    path = tmp_path / 'scene.tif'
    shape = dict(count=1, height=150, width=170, dtype='float32', nodata=-1)
    with rasterio.open(path, 'w', **shape, transform=rasterio.Affine(1, 0, 5, 0, -1, 5)) as raster:
        raster.write(values, 1)
    return path


def test_a_flaw_at_the_ends_of_windows_shows_where_they_only_meet(scene):
    found = measure_seams(scene, Model(flawed=True), overlap=0, batch_size=8)
    # 0.3 of the noise changes its class in one of the maps
    assert 0.2 < found.at_borders < 0.4 and found.elsewhere == 0


def test_it_does_not_where_they_fade_into_each_other(scene):
    found = measure_seams(scene, Model(flawed=True), overlap=12, batch_size=8)
    assert found == (0, 0)


def test_what_a_model_says_everywhere_is_no_seam(scene):
    assert measure_seams(scene, Model(flawed=False), overlap=0, batch_size=8) == (0, 0)


def test_pixels_without_data_do_not_count(scene):
    with rasterio.open(scene, 'r+') as raster:
        values = raster.read(1)
        raster.write(np.where(values < 0.5, -1, values), 1)
    found = measure_seams(scene, Model(flawed=True), overlap=0, batch_size=8)
    # what is left is of the one class already
    assert found == (0, 0)


def test_a_scene_of_two_windows_is_too_small(scene):
    with pytest.raises(ValueError, match=r'scene\.tif: expected more than two windows'):
        model = Model(flawed=False)
        model.card = ModelCard(**{**model.card.__dict__, 'window': (80, 80)})
        measure_seams(scene, model, overlap=0, batch_size=8)


def test_windows_that_begin_everywhere_leave_no_elsewhere(scene):
    with pytest.raises(ValueError, match='overlap below 16 .* got 16'):
        measure_seams(scene, Model(flawed=True), overlap=16, batch_size=8)


def test_it_is_said_in_one_line():
    assert '12.500% of the pixels at window borders and in 0.000%' in str(Seams(0.125, 0.0))
