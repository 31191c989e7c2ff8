"""What labels mean: the YAML file, and class indices of numbers, colours and words."""

from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.datasets.preparation.label_file import read_label_map

NUMBERS = """
classes:
  water: {labels: [1, 2], colour: '#0000ff'}
  forest: {labels: [30]}
ignore: [0]
"""
COLOURS = """
classes:
  water: {labels: ['#0000FF', '#000080']}
  forest: {labels: ['#00ff00']}
"""


@pytest.fixture
def label_map(tmp_path):
    """A function that reads a label map from text."""

    def read(text):
        (tmp_path / 'classes.yaml').write_text(text)
        return read_label_map(tmp_path / 'classes.yaml')

    return read


def mask(label_map, codes, valid=True):
    codes = np.array([codes])
    return label_map.mask(codes, np.broadcast_to(valid, codes.shape), 'a.tif').tolist()[0]


def test_names_and_colours(label_map):
    read = label_map(NUMBERS)
    assert read.classes == ('water', 'forest')
    assert read.palette[0] == (0, 0, 255)
    assert read.palette[1] not in {(0, 0, 255), (0, 0, 0)}


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.int64, np.float32])
def test_numbers_become_indices(label_map, dtype):
    codes = np.array([0, 1, 2, 30], dtype)
    assert mask(label_map(NUMBERS), codes) == [255, 0, 0, 1]


def test_colours_become_indices(label_map):
    read = label_map(COLOURS)
    assert read.by_colour
    assert mask(read, [0x0000FF, 0x000080, 0x00FF00]) == [0, 0, 1]


@pytest.mark.parametrize(
    ('text', 'found'),
    [(NUMBERS, '7 in 2 pixels, 300 in 1 pixels'), (COLOURS, '#000007 in 2 pixels, #00012c in')],
)
def test_unknown_labels_are_counted(label_map, text, found):
    with pytest.raises(
        ValueError, match=rf'^a\.tif: expected .*classes\.yaml lists, found {found}'
    ):
        mask(label_map(text), [7, 300, 7])


def test_unknown_labels_without_data_do_not_count(label_map):
    codes = np.array([[9, 1]])
    assert label_map(NUMBERS).mask(codes, codes < 5, 'a.tif').tolist() == [[255, 0]]


@pytest.mark.parametrize(('what', 'index'), [('ignore', 255), ('forest', 1)])
def test_the_rest_can_have_a_meaning(label_map, what, index):
    read = label_map(f'{NUMBERS}unlabelled: {what}')
    assert mask(read, [7, 1]) == [index, 0]
    assert read.index([7, 1], Path('a.gpkg')) == [index, 0]


def test_unknown_words_are_counted(label_map):
    read = label_map('classes: {a: {labels: [wet, 1]}}')
    assert read.index([1, 'wet'], Path('a.gpkg')) == [0, 0]
    with pytest.raises(ValueError, match=r"a\.gpkg: .* found 'dry' in 2 features, '1' in 1 feat"):
        read.index(['dry', '1', 'dry'], Path('a.gpkg'))


def test_rasters_hold_numbers_or_colours(label_map):
    for labels in ("[1, '#000001']", '[wet]'):
        with pytest.raises(ValueError, match='all numbers or all'):
            label_map(f'classes: {{a: {{labels: {labels}}}}}').codes()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('classes: {a: {labels: [1]', 'expected YAML, found'),
        ('[1, 2]', r'expected keys .* in the file, found \[1, 2\]'),
        ('classes: {}', '1 to 255 names under classes'),
        ('clases: {a: {labels: [1]}}', "expected keys .*'classes'.* found {'clases'"),
        ('classes: {a: {label: [1]}}', "in class 'a', found {'label'"),
        ('classes: {a: {labels: 1}}', 'expected a list of labels, found 1'),
        ('classes: {a: {labels: [1.5]}}', 'numbers, words or quoted colours, found 1.5'),
        ('classes: {a: {labels: [yes]}}', 'found True'),
        ('classes: {a: {labels: [1]}, b: {labels: [1]}}', 'each label once, found 1 again'),
        ("classes: {a: {labels: ['#00FF00', '#00ff00']}}", "found '#00ff00' again"),
        ('classes: {a: {labels: [1]}}\nignore: [1]', 'each label once'),
        ('classes: {a: {colour: blu}}', "expected a colour as '#rrggbb', found 'blu'"),
        ('classes: {a: {}}\nunlabelled: b', r"'ignore' or one of \['a'\], got 'b'"),
    ],
)
def test_each_fault_is_one_sentence(label_map, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        label_map(text)
    assert 'classes.yaml: ' in str(caught.value) and '\n' not in str(caught.value)
