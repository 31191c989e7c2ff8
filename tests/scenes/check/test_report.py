"""The report holds all it shows, and shows what was found."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.check.figures import bar_edges, thumbnail
from ktda_mmseg.scenes.check.pairs import list_pairs, read_sources
from ktda_mmseg.scenes.check.report import page
from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.check.statistics import Band, from_bins

from .conftest import SIZE

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
PICTURE = re.compile(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]*)">')


def report(config) -> tuple[str, dict[str, Image.Image]]:
    text = page(check(config), 'config.py')
    pictures = {
        title: Image.open(io.BytesIO(base64.b64decode(data)))
        for title, data in PICTURE.findall(text)
    }
    return text, pictures


def test_pictures_are_inside_and_whole(floats):
    text, pictures = report(floats.config())
    assert text.count('<img') == len(PICTURE.findall(text))
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    for picture in pictures.values():
        picture.load()
    assert {'class shares', 'histograms', 'train: a.tif', 'test: g.tif'} <= set(pictures)


def test_names_are_escaped(rgb):
    shutil.move(rgb.image('train', 'a'), rgb.image('train', 'a<b>&'))
    text, _ = report(rgb.config())
    assert 'a<b>' not in text
    assert 'a&lt;b&gt;&amp;.png: expected a mask' in text


def test_a_file_that_cannot_be_read_is_listed_without_picture(rgb):
    rgb.image('train', 'b').write_bytes(b'no image')
    text, pictures = report(rgb.config())
    assert f'<li>{rgb.image("train", "b")}: expected a complete' in text
    assert 'train: b.png' not in pictures


def test_a_thumbnail_shows_the_image_and_its_classes(rgb):
    rgb.write_image('train', 'a', np.full((SIZE, SIZE, 3), (10, 200, 30), np.uint8))
    labels = np.zeros((SIZE, SIZE))
    labels[SIZE // 2 :] = 255
    rgb.write_mask('train', 'a', labels)
    source = read_sources(rgb.config())[0]
    picture = Image.open(io.BytesIO(thumbnail(list_pairs(source)[0][0])))
    width, height = picture.size
    assert picture.getpixel((5, 5)) == (10, 200, 30)
    assert picture.getpixel((width - 5, 5)) == tuple(source.labels.palette[0])
    assert picture.getpixel((width - 5, height - 5)) == (0, 0, 0)


@pytest.mark.parametrize(
    'values',
    [
        np.arange(200, dtype=np.uint8),
        np.arange(20000, dtype=np.uint16),
        np.linspace(280, 300, 5000, dtype=np.float32),
        np.linspace(-1, 1, 5000, dtype=np.float64),
        np.full(9, 7, np.int16),
        np.zeros(9, np.float32),
    ],
    ids=lambda values: f'{values.dtype} {values.min()} to {values.max()}',
)
def test_even_values_give_even_bars(values):
    """Bars at the ends may hold less, none between them is empty."""
    band = Band.of(values)
    edges = bar_edges([band])
    bins = np.flatnonzero(band.histogram)
    centres = from_bins(bins, band.dtype)
    counts, _ = np.histogram(centres, edges, weights=band.histogram[bins])
    assert counts.sum() >= 0.98 * values.size
    assert counts[1:-1].all()
    assert len(edges) <= 70
