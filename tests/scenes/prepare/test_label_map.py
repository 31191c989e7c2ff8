"""What labels mean: the YAML file, and class indices of numbers, colours and words."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.label_file import read_label_map

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
    with pytest.raises(ValueError, match=r"a\.gpkg: .* found 'dry' in 2 features, 10 in 1 feat"):
        read.index(['dry', '10', 'dry'], Path('a.gpkg'))


def test_rasters_hold_numbers_or_colours(label_map):
    for labels in ("[1, '#000001']", '[wet]'):
        with pytest.raises(ValueError, match='all numbers or all'):
            _ = label_map(f'classes: {{a: {{labels: {labels}}}}}').codes


def test_words_of_yaml_stay_words(label_map):
    """YAML 1.1 reads these as truth values, eight, a date and minutes."""
    read = label_map('classes: {off: {}, Yes: {labels: [010]}, 2020-01-01: {}, 12:30: {}}')
    assert read.classes == ('off', 'Yes', '2020-01-01', '12:30')
    assert read.codes == [(10, 10, 1)]
    assert label_map('classes: {n: {}, y: {}}\nunlabelled: y').unlabelled == 1


@pytest.mark.parametrize(
    ('listed', 'field'),
    [('[2]', ['2', ' 2.0', 2.0, np.int16(2)]), ("['2']", [2]), ('[Dry Land]', ['DRY land ']),
     ("['#00F']", ['#0000FF']), ('[Wälder]', ['WA\u0308LDER']), ('[true]', [True, 'True']),
     ('[1]', [True]), ('[0.1]', [np.float32(0.1), '0.1']), ('[null]', [None, float('nan')]),
     ('[2021-03-04]', [datetime(2021, 3, 4)]), ('[10-19]', [10, '12', 19.0, '10-19'])],
)  # fmt: skip
def test_type_and_case_of_a_label_make_no_difference(label_map, listed, field):
    read = label_map(f'classes: {{other: {{}}, a: {{labels: {listed}}}}}\nunlabelled: other')
    assert read.index([*field, 'something else'], Path('a.gpkg')) == [1] * len(field) + [0]


def test_ranges_and_fractions(label_map):
    read = label_map('classes: {a: {labels: [10-19]}, b: {labels: [-5--1, 0.1]}}\nignore: [20..29]')
    assert mask(read, np.array([10, 15, 19, -5, -1, 20, 29])) == [0, 0, 0, 1, 1, 255, 255]
    assert mask(read, np.array([0.1, 12.5], np.float32)) == [1, 0]
    with pytest.raises(ValueError, match=r'found 9 in 1 pixels, 30 in 1 pixels'):
        mask(read, np.array([9, 30]))


def test_a_number_in_a_range_and_besides_is_an_error(label_map):
    read = label_map('classes: {a: {labels: [10-19]}, b: {labels: [15, 10-12]}}')
    with pytest.raises(ValueError, match=r'each label once, found 10 again in a range'):
        _ = read.codes
    with pytest.raises(ValueError, match=r"each label once, found 15 in \[\"'10-19'\", '15'\]"):
        read.index(['15'], Path('a.gpkg'))
    assert read.index(['10-19', '10-12', 13], Path('a.gpkg')) == [0, 1, 0]


def test_triples_are_colours(label_map):
    read = label_map('classes: {a: {labels: [[0, 0, 255], "#F00"], colour: [1, 2, 3]}}')
    assert read.by_colour and read.palette == ((1, 2, 3),)
    assert mask(read, [0x0000FF, 0xFF0000]) == [0, 0]


def test_labels_that_are_colours_are_drawn_in_them(label_map):
    read = label_map(
        "classes: {a: {labels: ['#3C1098', '#F00']}, b: {labels: ['#0f0'], colour: red}}"
    )
    assert read.palette == ((0x3C, 0x10, 0x98), (255, 0, 0))


@pytest.mark.parametrize(('unknown', 'said'), [(1, False), (3, True)])
def test_more_than_a_hundredth_unlisted_is_said(label_map, unknown, said):
    read = label_map(f'{NUMBERS}unlabelled: forest')
    for things in ('pixels', 'polygons'):
        count = read.unlisted(things)
        values = [1] * (150 - unknown) + [*range(70, 70 + unknown)]
        if things == 'pixels':
            read.mask(np.array([values]), np.ones((1, 150), bool), 'a.tif', count)
        else:
            read.index(values, Path('a.gpkg'), count)
        notes = count.notes()
        assert len(notes) == said
        if said:
            assert f'2.0% of 150 {things} have labels that' in notes[0]
            assert "became 'forest' as unlabelled says: 70 in 1, 71 in 1, 72 in 1" in notes[0]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('classes: {a: {labels: [1]', 'expected YAML, found'),
        ('[a, 2]', r"expected keys .* in the file, found \['a', '2'\]"),
        ('classes: {}', '1 to 255 names under classes'),
        ('clases: {a: {labels: [1]}}', "expected keys .*'classes'.* found {'clases'"),
        ('classes: &all {a: *all}', 'expected YAML that does not contain itself'),
        ('classes: {a: {label: [1]}}', "in class 'a', found {'label'"),
        ('classes: {a: {labels: 1}}', "labels of class 'a': expected a list of labels, found '1'"),
        (
            'classes: {a: {labels: [{b: 1}]}}',
            "labels of class 'a': expected numbers, .* {'b': '1'}",
        ),
        ('classes: {a: {labels: [[1, 2]]}}', r"\[R, G, B\], found \['1', '2'\]"),
        ('classes: {a: {labels: [[0, 0, 256]]}}', "found .*'256'"),
        ('classes:\n  a:\n    labels:\n    - #ff0000', 'quoted colours .* found nothing'),
        ('classes:\n  a: {}\n  b: {}\n  a: {}', "each name once, found 'a' again in line 4"),
        ('classes: {a: {labels: [1]}, b: {labels: ["1.0"]}}', "class 'b': .* once, found 1 again"),
        ('classes: {a: {labels: [Wet]}, b: {labels: [wet]}}', "once, found 'wet' again"),
        ('classes:' + ''.join(f'\n  c{i}: {{}}' for i in range(300)), 'found 300 of them'),
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
