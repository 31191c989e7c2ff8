"""The report holds all it shows, and shows what was found."""

import re
import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.check.figures import bar_edges, thumbnails
from ktda_mmseg.scenes.check.pairs import list_pairs, read_sources
from ktda_mmseg.scenes.check.report import page
from ktda_mmseg.scenes.check.running import check
from ktda_mmseg.scenes.check.statistics import Band, from_bins

from ...html_page import Page
from .conftest import CLASSES, SIZE

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')


def report(config) -> tuple[str, Page]:
    text = page(check(config), 'config.py')
    return text, Page(text)


def test_pictures_are_inside_and_whole(floats):
    text, found = report(floats.config())
    assert text.count('<img') == len(found.pictures)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    for name in found.pictures:
        found.pixels(name)
    charts = {'Share of each class among labelled pixels', 'Distribution of each band'}
    assert charts | {'image a.tif', 'mask of g.tif'} <= set(found.pictures)


def test_the_answer_comes_first_then_a_legend_and_details_are_folded(rgb):
    config = rgb.config()
    text, found = report(config)
    assert found.facts == {'verdict': 'ok', 'images': '7', 'classes': '5'}
    assert found.folded == ['Splits', 'Bands'] and len(found.tables) == 2
    palette = read_sources(config)[0].labels.palette
    colours = {
        name: '#{:02x}{:02x}{:02x}'.format(*colour)
        for name, colour in zip(CLASSES, palette, strict=True)
    }
    assert found.legends == [colours | {'ignored or wrong': '#000000'}]
    assert text.index('verdict') < text.index('class="legend"') < text.index('<img')


def test_names_are_escaped(rgb):
    shutil.move(rgb.image('train', 'a'), rgb.image('train', 'a<b>&'))
    text, _ = report(rgb.config())
    assert 'a<b>' not in text
    assert 'a&lt;b&gt;&amp;.png: expected a mask' in text


def test_a_file_that_cannot_be_read_is_listed_without_picture_for_all_to_see(rgb):
    rgb.image('train', 'b').write_bytes(b'no image')
    text, found = report(rgb.config())
    assert f'<li>{rgb.image("train", "b")}: expected a complete' in text
    assert 'image a.png' in found.pictures and 'image b.png' not in found.pictures
    assert not any(title.startswith('error') for title in found.folded)


def test_a_split_of_a_single_image_is_a_warning(rgb):
    for name in 'bc':
        rgb.image('train', name).unlink()
        rgb.mask('train', name).unlink()
    (fault,) = rgb.faults()
    assert fault.severity == 'warning'
    assert fault.message.startswith('train: expected several images, found one')


def test_thumbnails_show_the_image_and_its_classes(rgb):
    rgb.write_image('train', 'a', np.full((SIZE, SIZE, 3), (10, 200, 30), np.uint8))
    labels = np.zeros((SIZE, SIZE))
    labels[SIZE // 2 :] = 255
    rgb.write_mask('train', 'a', labels)
    source = read_sources(rgb.config())[0]
    image, mask = (
        np.asarray(Image.open(BytesIO(content))).astype(int)
        for content in thumbnails(list_pairs(source)[0][0]).values()
    )
    assert abs(image - (10, 200, 30)).max() < 5
    assert (mask[: SIZE // 2] == source.labels.palette[0]).all()
    assert not mask[SIZE // 2 :].any()


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
