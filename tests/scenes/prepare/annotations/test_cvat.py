"""CVAT's masks to drawings."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.annotations.cvat import list_cvat
from ktda_mmseg.scenes.prepare.label_file import read_label_map

COLOURS = (
    '# label:color_rgb:parts:actions\nbackground:0,0,0::\nsea:0,0,255::\nwood: hut:9,8,7:a:b\n'
)


@pytest.fixture
def entries(tmp_path):
    """A function that writes one mask of two pixels and lists it."""

    def entries(colours=COLOURS, pixels=((0, 0, 255), (9, 8, 7)), labels='sea'):
        (tmp_path / 'classes.yaml').write_text(f'classes: {{wet: {{labels: [{labels}]}}}}')
        (tmp_path / 'SegmentationClass').mkdir()
        Image.fromarray(np.uint8([pixels])).save(tmp_path / 'SegmentationClass' / 'a.png')
        (tmp_path / 'labelmap.txt').write_text(colours)
        return list_cvat(tmp_path, read_label_map(tmp_path / 'classes.yaml'))

    return entries


def test_colours_become_names(entries):
    (entry,) = entries()
    drawn = {shape.label: shape.pixels.tolist() for shape in entry.draw((1, 2)).shapes}
    assert drawn == {'sea': [[True, False]], 'wood: hut': [[False, True]]}


@pytest.mark.parametrize(('labels', 'found'), [('sea', []), ('background', ['background'])])
def test_background_is_a_label_if_it_is_listed(entries, labels, found):
    (entry,) = entries(pixels=((0, 0, 0), (0, 0, 0)), labels=labels)
    assert [shape.label for shape in entry.draw((1, 2)).shapes] == found


def test_other_colours_are_named(entries):
    (entry,) = entries(pixels=((0, 0, 255), (1, 2, 3)))
    with pytest.raises(ValueError, match=r'a\.png: .*labelmap\.txt, found #010203 in 1 pixels'):
        entry.draw((1, 2))


@pytest.mark.parametrize('line', ['wood', 'wood:1,2', 'wood:1,2,256::', 'wood:0,0,255::'])
def test_a_faulty_list_of_colours_is_named(entries, line):
    with pytest.raises(ValueError, match=rf'labelmap\.txt: expected lines .* found {line}'):
        entries(f'{COLOURS}{line}\n')


def test_a_picture_that_is_none_is_named(entries, tmp_path):
    (entry,) = entries()
    entry.path.write_text('no picture')
    with pytest.raises(ValueError, match=r'a\.png: expected a picture'):
        entry.draw((1, 2))


def test_a_folder_without_its_list_is_named(tmp_path, entries):
    entries()
    (tmp_path / 'labelmap.txt').unlink()
    with pytest.raises(ValueError, match='expected labelmap.txt and SegmentationClass of CVAT'):
        list_cvat(tmp_path, read_label_map(tmp_path / 'classes.yaml'))
