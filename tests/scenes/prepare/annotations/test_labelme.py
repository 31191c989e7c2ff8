"""LabelMe files to masks."""

import base64
import io
import json

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.annotations.drawing import Drawing, Shape, rasterise
from ktda_mmseg.scenes.prepare.annotations.labelme import read_labelme

CODES = {'1': 0, '2': 1, '3': 2}
FILE = io.BytesIO()
Image.new('1', (1, 1), 1).save(FILE, 'PNG')
PICTURE = base64.b64encode(FILE.getvalue()).decode()


def write(path, *shapes, height=20, width=30):
    """Write a file as LabelMe does."""
    content = dict(version='5.4.1', flags={}, imagePath='a.tif', imageData=None)
    content |= dict(imageHeight=height, imageWidth=width, shapes=[*shapes])
    path.write_text(json.dumps(content))
    return path


def shape(label, points, kind='polygon'):
    """A shape as LabelMe writes it."""
    return dict(label=label, points=points, group_id=None, shape_type=kind, flags={})


def test_polygons_and_rectangles_are_read(tmp_path):
    square = [[1, 2], [5, 2], [5, 9.5], [1, 9.5]]
    old = {'label': '2', 'points': square}  # before shape_type was written
    path = write(tmp_path / 'a.json', shape('1', [[5, 9.5], [1, 2]], 'rectangle'), old)
    drawing = read_labelme(path)
    assert drawing.size == (20, 30)
    assert [s.label for s in drawing.shapes] == ['1', '2']
    assert {*drawing.shapes[0].points} == {*drawing.shapes[1].points} == {*map(tuple, square)}


def test_a_pixel_belongs_to_where_its_centre_lies():
    points = [(1, 1), (4.4, 1), (4.4, 3.6), (1, 3.6)]
    mask = rasterise(Drawing((5, 6), [Shape('2', points)]), CODES, 255)
    expected = np.full((5, 6), 255)
    expected[1:4, 1:4] = 1
    assert mask.tolist() == expected.tolist()
    assert mask.dtype == np.uint8


def test_a_later_shape_paints_over_an_earlier_one():
    whole, part = [(0, 0), (6, 0), (6, 4), (0, 4)], [(2, 0), (4, 0), (4, 4), (2, 4)]
    mask = rasterise(Drawing((4, 6), [Shape('3', whole), Shape('1', part)]), CODES, 255)
    assert mask.tolist() == [[2, 2, 0, 0, 2, 2]] * 4
    mask = rasterise(Drawing((4, 6), [Shape('1', part), Shape('3', whole)]), CODES, 255)
    assert (mask == 2).all()


def test_what_lies_outside_the_image_is_cut():
    points = [(-5, -5), (3, -5), (3, 99), (-5, 99)]
    mask = rasterise(Drawing((4, 6), [Shape('1', points)]), CODES, 9)
    assert mask.tolist() == [[0, 0, 0, 9, 9, 9]] * 4


def test_nothing_drawn_is_all_background():
    assert rasterise(Drawing((2, 3), []), CODES, 255).tolist() == [[255] * 3] * 2


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_raster_traced_along_its_pixels_comes_back(seed):
    features = pytest.importorskip('rasterio.features')
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, (6, 7)).repeat(3, 0).repeat(2, 1).astype(np.uint8)
    shapes = []
    for geometry, value in features.shapes(labels):
        # holes are not drawn: what lies in them is painted over later
        shapes.append(Shape(str(int(value) + 1), geometry['coordinates'][0][:-1]))
    shapes.sort(key=lambda s: -area(s.points))
    mask = rasterise(Drawing(labels.shape, shapes), CODES, 255)
    np.testing.assert_array_equal(mask, labels)


@settings(max_examples=30)
@given(st.lists(st.floats(5, 80), min_size=5, max_size=9))
def test_the_number_of_pixels_is_the_area(radii):
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    points = [(90 + r * np.cos(a), 90 + r * np.sin(a)) for r, a in zip(radii, angles)]
    mask = rasterise(Drawing((180, 180), [Shape('1', points)]), CODES, 255)
    perimeter = np.linalg.norm(np.diff([*points, points[0]], axis=0), axis=1).sum()
    assert abs((mask == 0).sum() - area(points)) < perimeter / 4 + 5


def area(points):
    """Area of a polygon by the shoelace formula."""
    x, y = np.array(points).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{"shapes": [', 'expected JSON, found'),
        ('[]', 'expected the keys imageHeight, imageWidth, shapes of LabelMe'),
        ('{"shapes": [], "imageHeight": 20}', 'expected the keys imageHeight, imageWidth, shapes'),
    ],
)
def test_another_file_is_named(tmp_path, content, message):
    path = tmp_path / 'a.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=rf'a\.json: {message}'):
        read_labelme(path)


@pytest.mark.parametrize(
    ('second', 'message'),
    [
        (shape('1', [[1, 1], [2, 2]]), 'a polygon of 3 points or more.* found a polygon of 2'),
        (shape('1', []), 'found a polygon of 0'),
        (shape('1', [[1, 1], [2, 2], [3, 1]], 'rectangle'), 'found a rectangle of 3'),
        (shape('1', [[1, 1], [2, 2], [3, 1]], 'linestrip'), 'found a linestrip of 3'),
        (shape('1', [[1], [2, 2], [3, 1]]), 'expected a label and points'),
        (shape('1', [[float('nan'), 1], [2, 2], [3, 1]]), 'expected a label and points'),
        (shape('1', [['a', 1], [2, 2], [3, 1]]), 'expected a label and points'),
        ({'points': [[1, 1], [2, 2], [3, 1]]}, 'expected a label and points'),
        ([], 'expected a label and points'),
    ],
)
def test_a_faulty_shape_is_named_with_its_number(tmp_path, second, message):
    path = write(tmp_path / 'a.json', shape('1', [[1, 1], [2, 2], [3, 1]]), second)
    with pytest.raises(ValueError, match=rf'a\.json: shape 1: .*{message}'):
        read_labelme(path)


def test_a_circle_has_the_pixels_whose_centres_it_holds(tmp_path):
    path = write(tmp_path / 'a.json', shape('1', [[12.5, 3], [12.5, 9]], 'circle'))
    mask = rasterise(read_labelme(path), CODES, 255)
    y, x = np.indices((20, 30)) + 0.5
    np.testing.assert_array_equal(mask == 0, np.hypot(x - 12.5, y - 3) <= 6)


def test_a_window_is_the_part_of_the_whole(tmp_path):
    path = write(
        tmp_path / 'a.json',
        shape('3', [[2, 2], [25, 4], [10, 18]]),
        shape('1', [[9, 9], [9, 13]], 'circle'),
        shape('2', [[0, 0], [12, 7]], 'rectangle'),
    )
    drawing = read_labelme(path)
    whole = rasterise(drawing, CODES, 255)
    for window in (Window(3, 5, 9, 11), Window(15, 20, 5, 10), Window(0, 0, 20, 30)):
        np.testing.assert_array_equal(rasterise(drawing, CODES, 255, window), window.cut(whole))


@pytest.mark.parametrize(
    ('mask', 'message'),
    [
        (None, 'expected a mask as a picture in base64'),
        ('AAAA', 'expected a mask as a picture in base64'),
        (PICTURE, r'expected a mask of the size of its box, \(4, 3\), found \(1, 1\)'),
    ],
)
@pytest.mark.parametrize('moved', [0, 0.3])
def test_a_mask_that_is_none_is_named(tmp_path, mask, message, moved):
    corners = [[1 + moved, 1], [3 + moved, 4]]
    path = write(tmp_path / 'a.json', shape('1', corners, 'mask') | dict(mask=mask))
    with pytest.raises(ValueError, match=rf'a\.json: shape 0: {message}'):
        read_labelme(path)


@pytest.mark.parametrize(
    ('points', 'expected'),
    [
        ([[4, 5], [6, 6]], [[5, 4], [5, 6], [6, 4], [6, 5]]),
        ([[3.6, 4.7], [5.6, 5.7]], [[5, 4], [5, 6], [6, 4], [6, 5]]),
        ([[3.5, 4.5], [5.5, 5.5]], [[4, 4], [4, 6], [5, 4], [5, 5]]),  # to 4 and 4, 6 and 6
        ([[-1.4, 18.8], [0.6, 19.8]], [[19, 1]]),  # in part out of the image
    ],
)
def test_a_mask_that_was_moved_lies_where_labelme_paints_it(tmp_path, points, expected):
    file = io.BytesIO()
    Image.fromarray(np.array([[1, 0, 1], [1, 1, 0]], bool)).save(file, 'PNG')
    picture = base64.b64encode(file.getvalue()).decode()
    path = write(tmp_path / 'a.json', shape('1', points, 'mask') | dict(mask=picture))
    mask = rasterise(read_labelme(path), CODES, 255)
    assert np.argwhere(mask == 0).tolist() == expected


def test_a_turned_rectangle_has_four_corners(tmp_path):
    corners = [[10, 2], [18, 10], [10, 18], [2, 10]]
    turned, drawn = shape('1', corners, 'oriented_rectangle'), shape('1', corners)
    one, other = (read_labelme(write(tmp_path / 'a.json', s)) for s in (turned, drawn))
    assert one == other
