"""Labels of annotation tools give the masks that the same labels give as rasters."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def yolo(folder, kinds):
    """Text files as of Ultralytics, in folders of theirs."""
    for name, kind in kinds.items():
        lines = [
            ' '.join([str(k), *(f'{x / 70:.6f} {y / 50:.6f}' for x, y in corners)])
            for corners, k in traced(kind)
        ]
        store(folder / 'labels' / f'{name}.txt', '\n'.join(lines) + '\n\n')
    store(folder / 'train.txt', 'images/a.png\nimages/b.png\n')
    store(folder / 'README.roboflow.txt', 'exported')
    names = ''.join(f'  {number}: {name}\n' for number, name in enumerate(NAMES))
    store(folder / 'data.yaml', f'path: .\ntrain: train.txt\nnames:\n{names}')
    return folder


def cvat(folder, kinds, palette=False):
    """What CVAT exports as "Segmentation mask 1.1"."""
    names = ['background', *NAMES[1:]]
    lines = [f'{n}:{",".join(map(str, c))}::\n' for n, c in zip(names, COLOURS)]
    store(folder / 'labelmap.txt', f'# label:color_rgb:parts:actions\n{"".join(lines)}')
    store(folder / 'ImageSets' / 'Segmentation' / 'default.txt', 'a\nb\n')
    for kind in ('SegmentationClass', 'SegmentationObject'):
        (folder / kind).mkdir()
    for name, kind in kinds.items():
        picture = Image.fromarray(np.array(COLOURS, np.uint8)[kind])
        picture.save(folder / 'SegmentationObject' / f'{name}.png')
        if palette:
            picture = Image.fromarray(kind.astype(np.uint8))
            picture.putpalette(np.array(COLOURS, np.uint8).tobytes())
        picture.save(folder / 'SegmentationClass' / f'{name}.png')
    return folder


def cvat_palette(folder, kinds):
    return cvat(folder, kinds, palette=True)


WRITERS = [labelme, coco, coco_crowds, yolo, cvat, cvat_palette]


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


@pytest.mark.parametrize('write_labels', [labelme, coco, yolo, cvat])
def test_what_is_in_no_area_is_unlabelled(write_labels, run, truth, kinds, tmp_path):
    labels = write_labels(tmp_path / 'drawn', kinds)
    run(WORDS.replace('[nothing]', '[]') + 'unlabelled: forest', labels=labels)
    found = masks(tmp_path / 'out')
    assert all((found[p] == np.where(m == 255, 1, m)).all() for p, m in truth.items())


def test_cvat_folders_may_be_named_by_their_masks(run, truth, kinds, tmp_path):
    run(WORDS, labels=cvat(tmp_path / 'drawn', kinds) / 'SegmentationClass')
    found = masks(tmp_path / 'out')
    assert all((found[path] == mask).all() for path, mask in truth.items())


def test_yolo_beside_its_images(run, truth, kinds, tmp_path):
    yolo(tmp_path, kinds)  # tmp_path/labels, beside tmp_path/images
    for path in (tmp_path / 'labels').glob('*.tif'):
        path.unlink()
    run(WORDS)
    found = masks(tmp_path / 'out')
    assert all((found[path] == mask).all() for path, mask in truth.items())


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


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(label_format='voc'), "expected a label format of raster, labelme, .* got 'voc'"),
        (dict(label_format='coco', class_field='use'), 'expected class_field, .* or label_format'),
    ],
)
def test_formats_that_are_none_are_refused(run, truth, arguments, message):
    with pytest.raises(ValueError, match=message):
        run(WORDS, **arguments)


def test_two_sets_of_labels_for_an_image_are_named(run, truth, kinds, tmp_path):
    labels = coco(tmp_path / 'drawn', kinds)
    shutil.copy(labels, labels.with_name('more.json'))
    with pytest.raises(ValueError, match=r"more\.json: image .* only labels of image 'a'"):
        run(WORDS, labels=labels.parent)


def test_folders_tell_images_of_one_name_apart(write, run, tmp_path, rng):
    kinds = {f'{side}/a': rng.integers(0, 4, SIZE) for side in ('north', 'south')}
    for name in kinds:
        write(tmp_path / 'images' / f'{name}.png', rng.integers(1, 255, (3, *SIZE), np.uint8))
    (tmp_path / 'parts.yaml').write_text('{train: [north/a], val: [south/a]}')
    for labels in (coco(tmp_path / 'coco', kinds), yolo(tmp_path / 'yolo', kinds)):
        run(WORDS, labels=labels, split=str(tmp_path / 'parts.yaml'), tile=70)
        for split, name in (('train', 'north/a'), ('val', 'south/a')):
            (path,) = (tmp_path / 'out' / 'ann_dir' / split).iterdir()
            expected = np.array([255, 0, 0, 1])[kinds[name]]
            np.testing.assert_array_equal(np.array(Image.open(path)), expected)
        shutil.rmtree(tmp_path / 'out')
    file = coco(tmp_path / 'coco', kinds)
    file.write_text(file.read_text().replace('set/images/south/', ''))
    with pytest.raises(ValueError, match="'a.jpg', which may be north/a, south/a"):
        run(WORDS, labels=file)


def test_the_command_line_takes_and_tells_formats(truth, kinds, tmp_path):
    tool = Path(__file__).resolve().parents[4] / 'tools' / 'prepare_dataset.py'
    labels = coco(tmp_path / 'drawn', kinds)
    command = [sys.executable, tool, 'rasters', tmp_path / 'images', '--labels', labels]
    command += ['--classes', tmp_path / 'words.yaml', '--split', tmp_path / 'splits.yaml']
    command += ['--tile', '32', '--out', tmp_path / 'out', '--label-format', 'coco']
    (tmp_path / 'words.yaml').write_text(WORDS)
    environment = {**os.environ, 'PYTHONPATH': str(tool.parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert 'labels as coco: read ' in done.stdout
    found = masks(tmp_path / 'out')
    assert all((found[path] == mask).all() for path, mask in truth.items())
    labels.write_text('{')
    done = subprocess.run(
        [*command, '--seed', '1'], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f'error: {labels}: expected JSON')
