"""YOLO's text files to drawings."""

import pytest

from ktda_mmseg.scenes.prepare.annotations.drawing import rasterise
from ktda_mmseg.scenes.prepare.annotations.formats import RASTER, find_format
from ktda_mmseg.scenes.prepare.annotations.yolo import list_yolo
from ktda_mmseg.scenes.prepare.label_file import read_label_map

WORDS = 'classes: {wet: {labels: [sea]}, dry: {labels: [wood]}}'
NUMBERS = 'classes: {wet: {labels: [0]}, dry: {labels: [1]}}'
LINE = '1 0 0 0.5 0 0.5 1 0 1'


@pytest.fixture
def entries(tmp_path):
    """A function that lists what is in tmp_path."""

    def entries(text=LINE, names='names: [sea, wood]', classes=WORDS, file='labels/a.txt'):
        (tmp_path / 'classes.yaml').write_text(classes)
        path = tmp_path / 'set' / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if names is not None:
            (tmp_path / 'set' / 'data.yaml').write_text(names)
        return list_yolo(tmp_path / 'set', read_label_map(tmp_path / 'classes.yaml'))

    return entries


@pytest.mark.parametrize(
    ('names', 'classes', 'label'),
    [
        ('names: [sea, wood]', WORDS, 'wood'),
        ('names: {1: wood, 0: sea}', WORDS, 'wood'),
        ('names: [sea, wood]', NUMBERS, 1),
        (None, NUMBERS, 1),
    ],
)
def test_labels_are_names_or_numbers(entries, names, classes, label):
    (entry,) = entries(names=names, classes=classes)
    drawing = entry.draw((4, 6))
    assert [shape.label for shape in drawing.shapes] == [label]
    assert rasterise(drawing, {label: 7}, 0).tolist() == [[7, 7, 7, 0, 0, 0]] * 4


def test_names_may_stand_in_a_file_that_is_called_like_the_set(entries, tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'coco8-seg.yaml').write_text('path: coco8-seg\nnames:\n  0: sea\n  1: wood')
    (tmp_path / 'set' / 'classes.yaml').write_text(WORDS)
    (entry,) = entries(names=None)
    assert [shape.label for shape in entry.draw((4, 6)).shapes] == ['wood']
    (tmp_path / 'set' / 'other.yaml').write_text('names: [wood, sea]')
    with pytest.raises(ValueError, match=r"expected data.yaml, or one .*'coco8-seg.yaml', 'other"):
        entries(names=None)


def test_files_with_names_above_rasters_are_nobodys_business(tmp_path):
    labels = tmp_path / 'labels'
    labels.mkdir()
    (labels / 'a.png').touch()
    for name in ('one.yaml', 'other.yaml'):
        (tmp_path / name).write_text('names: [sea]')
    assert find_format(labels, tmp_path / 'images') == RASTER


@pytest.mark.parametrize(
    ('file', 'image'),
    [
        ('labels/north/a.txt', 'images/north/a.txt'),
        ('train/labels/a.txt', 'train/images/a.txt'),
        ('a.txt', 'a.txt'),
    ],
)
def test_the_image_is_where_yolo_looks_for_it(entries, file, image):
    (entry,) = entries(file=file)
    assert entry.images[0] == image


def test_an_empty_file_says_that_nothing_is_there(entries):
    (entry,) = entries('\n')
    assert entry.draw((4, 6)).shapes == []


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (f'{LINE}\n1 0.5 0.5 0.2 0.2', r'a\.txt: line 2: expected a polygon of 3 points or more'),
        ('1 0 0 1 0 1 1 0', r'a\.txt: line 1: expected a polygon of 3 points or more'),
        ('1 0 0 1 0 1 nan', r'a\.txt: line 1: expected a polygon of 3 points or more'),
        ('1 0 0 60 0 60 4', r'a\.txt: line 1: expected shares of the image from 0 to 1'),
        ('2 0 0 1 0 1 1', r"a\.txt: line 1: expected a class of .*data\.yaml, .* found '2'"),
        ('sea 0 0 1 0 1 1', r"a\.txt: line 1: expected a class of .* found 'sea'"),
    ],
)
def test_a_faulty_line_is_named(entries, text, message):
    (entry,) = entries(text)
    with pytest.raises(ValueError, match=message):
        entry.draw((4, 6))


@pytest.mark.parametrize('names', ['nc: 2', 'names: {a: b}', 'names: [', '- sea', ''])
def test_a_list_of_names_that_is_none_is_named(entries, names):
    with pytest.raises(ValueError, match=r'data\.yaml: expected YAML with a list of names'):
        entries(names=names)
