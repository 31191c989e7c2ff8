"""Label Studio's exports to drawings."""

import base64
import json
import math

import numpy as np
import pytest

from ktda_mmseg.scenes.prepare.annotations.drawing import rasterise
from ktda_mmseg.scenes.prepare.annotations.label_studio import list_label_studio
from ktda_mmseg.scenes.prepare.annotations.source import pair_annotated
from ktda_mmseg.scenes.prepare.scenes import Scene

HEIGHT, WIDTH = 9, 13
# what label-studio-sdk 2.1.2 encodes of `written`
PACKED = (
    'AAAB1Dkb/bALf/h8Aj/5wCP/nAI/+cAj/8LgEf/fAI/+MAj/8JgEf/hMAj/8JgFv/w+AR/84BH/zgEf/OAR/+FwCP/vg'
    'Ef/GAR/+EwCP/wmAR/+EwC3/4bAA'
)
BRUSH = dict(format='rle', rle=[*base64.b64decode(PACKED)])


def written():
    y, x = np.indices((HEIGHT, WIDTH))
    return (x * y + x // 3) % 4 == 1


def region(kind='brushlabels', value=BRUSH, labels=('sea',), **changes):
    size = dict(original_height=HEIGHT, original_width=WIDTH, image_rotation=0)
    return dict(type=kind, value=value | {kind: [*labels]}) | size | changes


def task(*regions, **changes):
    annotation = dict(id=2, was_cancelled=False, ground_truth=False, result=[*regions])
    content = dict(id=1, data=dict(image='/data/upload/1/a.png'), annotations=[annotation])
    return content | changes


@pytest.fixture
def listed(tmp_path):
    """A function that lists what is annotated in an export of these tasks."""

    def listed(*tasks):
        path = tmp_path / 'export.json'
        path.write_text(json.dumps(tasks))
        return list_label_studio(path, None)

    return listed


@pytest.fixture
def draw(listed):
    """A function that gives the mask of the one image: 1 where something was drawn."""

    def draw(*regions):
        (found,) = listed(task(*regions))
        return rasterise(found.draw((HEIGHT, WIDTH)), {'sea': 1}, 0)

    return draw


def test_brushes_are_those_of_its_own_sdk(draw):
    np.testing.assert_array_equal(draw(region()), written())


@pytest.mark.parametrize('kind', ['brush', 'magicwand', 'polygon', 'rectangle', 'ellipse'])
def test_labels_may_be_named_beside_their_region(draw, kind):
    """As where a configuration has tags ``Labels`` and ``Brush``, not one of both."""
    share = dict(x=20, y=30, width=40, height=50, radiusX=20, radiusY=30, rotation=10)
    value = share | BRUSH | dict(points=[[10, 10], [90, 20], [50, 80]], closed=True)
    size = dict(original_height=HEIGHT, original_width=WIDTH, image_rotation=0, id='a')
    bare = dict(type=kind, value=value) | size
    named = dict(type='labels', value=value | dict(labels=['sea'])) | size
    alike = kind.replace('magicwand', 'brush') + 'labels'
    np.testing.assert_array_equal(draw(bare, named), draw(region(alike, value)))


def test_a_region_that_nothing_names_is_told(draw):
    with pytest.raises(ValueError, match='region 0: expected .* one label .* found .*polygon'):
        draw(dict(type='polygon', id='a'), region('labels', dict(labels=['sea']), id='b'))
    for kind in ('keypoint', None):  # what says of no pixel what it is, or is not there
        with pytest.raises(ValueError, match=r'region \d: expected .* one label'):
            draw(*[dict(type=kind, id='a')] * bool(kind), region('labels', {}, id='a'))


def test_a_rectangle_turns_about_its_corner(draw):
    share = dict(x=100 * 8 / WIDTH, y=100 * 2 / HEIGHT, width=100 * 5 / WIDTH, height=300 / HEIGHT)
    mask = draw(region('rectanglelabels', share | dict(rotation=90)))
    expected = np.zeros((HEIGHT, WIDTH))
    expected[2:7, 5:8] = 1  # clockwise, so that it hangs to the left of (8, 2)
    np.testing.assert_array_equal(mask, expected)


def test_an_ellipse_has_the_pixels_within_it(draw):
    share = dict(x=50, y=50, radiusX=100 * 4 / WIDTH, radiusY=100 * 2 / HEIGHT, rotation=30)
    mask = draw(region('ellipselabels', share))
    turn = np.exp(-1j * math.radians(30))
    for (row, column), inside in np.ndenumerate(mask):
        seen = (column + 0.5 - WIDTH / 2 + 1j * (row + 0.5 - HEIGHT / 2)) * turn
        assert inside == ((seen.real / 4) ** 2 + (seen.imag / 2) ** 2 <= 1)
    assert 15 < mask.sum() < 35


@pytest.mark.parametrize(
    'data',
    [
        dict(image='/data/local-files/?d=north/a.png'),
        dict(image='s3://bucket/north/a.png', name='a field'),
        dict(image='https://host/north/a.png?token=1'),
        dict(picture='/data/upload/3/12345678-a.png'),
        dict(image='/image2'),
    ],
)
def test_images_are_found_by_what_the_data_names(listed, data, tmp_path):
    (found,) = listed(task(data=data, file_upload='12345678-a.png'))
    scenes = [
        Scene(name, tmp_path / f'{name}.png', HEIGHT, WIDTH, (1,), 'uint8', False, (1, 1), 3, None)
        for name in ('a', 'b')
    ]
    assert pair_annotated([found], scenes, tmp_path).keys() == {'a'}


def test_tasks_without_annotations_have_no_labels(listed):
    skipped = task(annotations=[dict(id=1, was_cancelled=True, result=[region()])])
    assert listed(skipped, task(annotations=[])) == []
    assert len(listed(task())) == 1  # somebody has seen that there is nothing


def test_the_ground_truth_counts_among_several(listed):
    first, second = (task(region())['annotations'][0] | dict(id=n) for n in (3, 4))
    with pytest.raises(ValueError, match=r'export\.json: task 1: .* found 2: \[3, 4\]'):
        listed(task(annotations=[first, second]))
    (found,) = listed(task(annotations=[first | dict(result=[]), second | dict(ground_truth=True)]))
    assert len(found.draw((HEIGHT, WIDTH)).shapes) == 1


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (region(labels=()), 'one label of brushlabels'),
        (region(labels=('sea', 'wood')), 'one label of brushlabels'),
        (region('keypointlabels', dict(x=1, y=1, width=1)), 'found .*keypointlabels'),
        (region(image_rotation=90), 'turned by 90 degrees'),
        (region(value=dict(rle=BRUSH['rle'][:-4])), 'which end within a run'),
        (region(value=dict(rle=[0, 0, 0, 9, *BRUSH['rle'][4:]])), '9 values, not the 468 of its'),
        (region(value=dict(rle=[300])), 'failed on'),
        (region(value={}), "failed on 'rle'"),
        (region('polygonlabels', dict(points=[[1, 2], [3, 4]])), 'polygon of 3 points'),
        (region('ellipselabels', dict(x=1, y=1, radiusX=math.nan, radiusY=1)), 'that are none'),
    ],
)
def test_what_cannot_be_read_is_named(draw, wrong, message):
    with pytest.raises(ValueError, match=rf'export\.json: task 1: region 1: expected .*{message}'):
        draw(region(), wrong)


def test_another_size_is_told(listed):
    (found,) = listed(task(region(original_width=14)))
    assert found.draw((HEIGHT, WIDTH)).size == (HEIGHT, 14)


@pytest.mark.parametrize('content', [{}, [{'image': 'a.png', 'tag': []}], [task(annotations=[5])]])
def test_other_json_is_refused(tmp_path, content):
    (tmp_path / 'x.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'x\.json: expected the JSON export of Label Studio'):
        list_label_studio(tmp_path, None)


def test_tasks_without_an_image_are_named(listed):
    with pytest.raises(ValueError, match='task 1: expected the path of an image in its data'):
        listed(task(data=dict(text='a field')))
