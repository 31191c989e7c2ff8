"""The picture shows the map in its colours, at a size that every viewer opens."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.map.products import write_quicklook
from ktda_mmseg.scenes.map.reading import SceneProfile
from ktda_mmseg.scenes.map.summary import count_classes

rasterio = pytest.importorskip('rasterio')


@pytest.fixture
def look(card, write, tmp_path):
    """Return a function that draws labels and returns the picture as an array."""

    def look(labels, card=card):
        path = write(labels[None], 'map.tif', nodata=255)
        place = SceneProfile(Path('a.tif'), *labels.shape, None, rasterio.Affine.identity())
        write_quicklook(card, path, count_classes(place, lambda: [labels]), tmp_path / 'a.png')
        return np.asarray(Image.open(tmp_path / 'a.png').convert('RGB'))

    return look


@pytest.fixture
def coloured(card):
    return replace(card, palette=((200, 10, 30), (20, 90, 250)))


def test_pixels_have_the_colours_of_their_classes(look, coloured):
    labels = np.zeros((40, 80), np.uint8)
    labels[:, 40:] = 1
    labels[30:, :20] = 255
    picture = look(labels, coloured)
    # 80 pixels are drawn as 1,600
    assert picture.shape[1] == 1600 and 800 < picture.shape[0] <= 1000
    for y, x, colour in ((10, 10, (200, 10, 30)), (35, 70, (20, 90, 250)), (35, 5, (255,) * 3)):
        part = picture[20 * y : 20 * y + 20, 20 * x : 20 * x + 20]
        assert (part == colour).all()
    below = picture[800:].reshape(-1, 3)
    for colour in coloured.palette:
        assert (below == colour).all(1).any()  # in the legend


@pytest.mark.parametrize(
    'shape, classes',
    [((1, 1), 1), ((1, 5000), 2), ((5000, 1), 200), ((3000, 2000), 40), ((64, 64), 200)],
)
def test_any_scene_and_legend_fit(shape, classes, look, card):
    names = tuple(f'a class called {i}' for i in range(classes))
    colours = tuple((i, 255 - i, 128) for i in range(classes))
    labels = np.arange(np.prod(shape)).reshape(shape) // 7 % classes
    picture = look(labels.astype(np.uint8), replace(card, classes=names, palette=colours))
    assert max(picture.shape) <= 2000 and min(picture.shape[:2]) >= 100
    assert (picture == colours[0]).all(2).sum() > 200


def test_a_map_without_data_is_white(look):
    assert (look(np.full((50, 60), 255, np.uint8)) == 255).all()
