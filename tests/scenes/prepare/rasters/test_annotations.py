"""Labels of annotation tools give the masks that the same labels give as rasters."""

import base64
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.summary import Summary

features = pytest.importorskip('rasterio.features')
NAMES = ['nothing', 'sea', 'lake', 'wood']  # of the four kinds
WORDS = """
classes:
  water: {labels: [sea, lake], colour: '#0000ff'}
  forest: {labels: [wood], colour: '#00ff00'}
ignore: [nothing]
"""
SIZE = 50, 70
COLOURS = [(0, 0, 0), (250, 50, 83), (51, 221, 255), (115, 51, 128)]


def traced(kind):
    """Corners of the outlines of all areas with their kinds, larger ones first, without holes."""
    areas = [(s['coordinates'][0][:-1], int(v)) for s, v in features.shapes(kind.astype(np.uint8))]

    def size(corners):
        x, y = np.array(corners).T
        return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))

    return sorted(areas, key=lambda area: -size(area[0]))


def store(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def labelme(folder, kinds, beside='../images'):
    """Files as LabelMe 5 writes them, from a Windows computer; the last area as a mask."""
    for name, kind in kinds.items():
        shapes = [
            dict(label=NAMES[k], points=[*map(list, c)], group_id=None, description='',
                 shape_type='polygon', flags={}, mask=None)
            for c, k in traced(kind)
        ]  # fmt: skip
        corners = np.array(shapes[-1]['points'], int)
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        file = io.BytesIO()
        inside = kind[top:bottom, left:right] == NAMES.index(shapes[-1]['label'])
        Image.fromarray(inside).save(file, 'PNG')
        shapes[-1] |= dict(
            shape_type='mask',
            points=[[float(left), float(top)], [right - 1.0, bottom - 1.0]],
            mask=base64.b64encode(file.getvalue()).decode(),
        )
        path = f'{beside}/{name}.png'.removeprefix('./').replace('/', '\\')
        content = dict(version='5.5.0', flags={}, shapes=shapes, imagePath=path, imageData=None)
        store(folder / f'{name}.json', content | dict(imageHeight=SIZE[0], imageWidth=SIZE[1]))
    return folder


def coco(folder, kinds, runs=False):
    """A COCO file; areas are polygons, or run lengths, of crowds uncompressed."""
    images, annotations = [], []
    for number, (name, kind) in enumerate(kinds.items(), 100):
        images.append(dict(id=number, file_name=f'set/images/{name}.jpg', height=50, width=70))
        one = dict(image_id=number, iscrowd=int(runs), bbox=[0, 0, 1, 1], area=1)
        for corners, k in traced(kind):
            flat = [x for corner in corners for x in corner]
            annotations.append(one | dict(category_id=10 + k, segmentation=[flat]))
        if runs:  # one annotation a kind and image, as they are where all is seen at once
            annotations[-len(traced(kind)) :] = [
                one | dict(category_id=10 + k, segmentation=counted(kind == k)) for k in range(4)
            ]
    for number, one in enumerate(annotations):
        one['id'] = number
    categories = [dict(id=10 + k, name=name, supercategory='') for k, name in enumerate(NAMES)]
    content = dict(info={}, images=images, annotations=annotations, categories=categories)
    return store(folder / 'instances_default.json', content)


def counted(mask):
    """Run lengths down the columns, of 0 first."""
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *ends, flat.size]).tolist()
    return dict(size=[*mask.shape], counts=[0, *lengths] if flat[0] else lengths)


def coco_crowds(folder, kinds):
    return coco(folder, kinds, runs=True)


WRITERS = [labelme, coco, coco_crowds]


@pytest.fixture
def truth(run, source, tmp_path):
    """Masks by tile of label rasters, of images without georeference."""
    source(suffix='.png', placed=False)
    run()
    found = masks(tmp_path / 'out')
    shutil.rmtree(tmp_path / 'out')
    assert {255, 0, 1} == {*np.unique(np.concatenate([m.ravel() for m in found.values()]))}
    return found


def masks(out):
    return {p.relative_to(out): np.array(Image.open(p)) for p in out.glob('ann_dir/*/*.png')}


@pytest.mark.parametrize('write_labels', WRITERS)
def test_masks_are_those_of_label_rasters(write_labels, run, truth, kinds, tmp_path):
    if write_labels is coco_crowds:
        pytest.importorskip('faster_coco_eval')
    labels = write_labels(tmp_path / 'drawn', kinds)
    summary = run(WORDS, labels=labels)
    found = masks(tmp_path / 'out')
    assert found.keys() == truth.keys()
    for path, mask in truth.items():
        np.testing.assert_array_equal(found[path], mask, str(path))
    assert isinstance(summary, Summary)
    kind = write_labels.__name__.partition('_')[0]
    assert any(f'labels as {kind}: read ' in n and 'of 2 images' in n for n in summary.notes)


def test_labelme_may_lie_beside_its_images(run, truth, kinds, tmp_path):
    labelme(tmp_path / 'images', kinds, beside='.')
    notes = run(WORDS, labels=tmp_path / 'images').notes
    found = masks(tmp_path / 'out')
    assert all((found[path] == mask).all() for path, mask in truth.items())
    assert not any('files left out' in note for note in notes)


def test_images_without_labels_are_left_out_by_name(run, truth, kinds, tmp_path):
    shutil.copy(tmp_path / 'images' / 'a.png', tmp_path / 'images' / 'c.png')
    summary = run(WORDS, labels=labelme(tmp_path / 'drawn', kinds))
    assert '1 images without labels left out: c' in summary.notes
    assert masks(tmp_path / 'out').keys() == truth.keys()


def test_labels_without_their_image_are_named(run, truth, kinds, tmp_path):
    (tmp_path / 'images' / 'b.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'b\.json: expected its image .*b\.png'):
        run(WORDS, labels=labelme(tmp_path / 'drawn', kinds))


def test_unknown_labels_are_named_or_counted(run, truth, kinds, tmp_path):
    labels = labelme(tmp_path / 'drawn', kinds)
    fewer = WORDS.replace(', lake', '')
    with pytest.raises(ValueError, match=r"a\.json: expected labels that .* found 'lake' in \d"):
        run(fewer, labels=labels)
    notes = run(f'{fewer}unlabelled: ignore', labels=labels).notes
    assert any('annotations have labels that' in n and "'lake' in" in n for n in notes)


def test_another_size_is_named(run, truth, tmp_path, kinds):
    labels = labelme(tmp_path / 'drawn', kinds)
    file = labels / 'b.json'
    file.write_text(file.read_text().replace('"imageHeight": 50', '"imageHeight": 60'))
    with pytest.raises(ValueError, match=r'b\.json: .* size of its image, 50x70 .* 60x70'):
        run(WORDS, labels=labels)


def test_broken_json_is_named(run, truth, tmp_path, kinds):
    store(labelme(tmp_path / 'drawn', kinds) / 'b.json', '{"shapes": [')
    with pytest.raises(ValueError, match=r'b\.json: expected JSON, found'):
        run(WORDS, labels=tmp_path / 'drawn')


def test_rasters_beside_drawings_are_asked_about(run, truth, kinds, tmp_path):
    labelme(tmp_path / 'labels', kinds)
    with pytest.raises(ValueError, match='found both, .* --label-format raster or labelme'):
        run(WORDS)
    run(WORDS, label_format='labelme')
    assert masks(tmp_path / 'out').keys() == truth.keys()


def test_geojson_asks_for_its_field(run, truth, tmp_path):
    path = store(tmp_path / 'x.json', dict(type='FeatureCollection', features=[]))
    with pytest.raises(ValueError, match=r'x\.json: .* GeoJSON need --class-field'):
        run(WORDS, labels=path)
