"""Labels of annotation tools give the masks that the same labels give as rasters."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.summary import Summary

from .drawn import (
    SIZE,
    coco,
    coco_crowds,
    cvat,
    cvat_palette,
    label_studio,
    label_studio_brush,
    labelme,
    store,
    yolo,
)

WORDS = """
classes:
  water: {labels: [sea, lake], colour: '#0000ff'}
  forest: {labels: [wood], colour: '#00ff00'}
ignore: [nothing]
"""

WRITERS = [
    labelme,
    coco,
    coco_crowds,
    yolo,
    cvat,
    cvat_palette,
    label_studio,
    label_studio_brush,
]


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
    kind = re.sub('_(crowds|palette|brush)', '', write_labels.__name__)
    assert any(f'labels as {kind}: read ' in n and 'of 2 images' in n for n in summary.notes)


@pytest.mark.parametrize('write_labels', [labelme, coco, yolo, cvat, label_studio])
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


def test_the_command_line_takes_and_tells_formats(truth, kinds, tmp_path, warm_python):
    tool = Path(__file__).resolve().parents[4] / 'tools' / 'prepare_dataset.py'
    labels = coco(tmp_path / 'drawn', kinds)
    command = [tool, 'rasters', tmp_path / 'images', '--labels', labels]
    command += ['--classes', tmp_path / 'words.yaml', '--split', tmp_path / 'splits.yaml']
    command += ['--tile', '32', '--out', tmp_path / 'out', '--label-format', 'coco']
    (tmp_path / 'words.yaml').write_text(WORDS)
    environment = {**os.environ, 'PYTHONPATH': str(tool.parents[1])}
    done = warm_python.run(command, environment)
    assert done.returncode == 0, done.stderr
    assert 'labels as coco: read ' in done.stdout
    found = masks(tmp_path / 'out')
    assert all((found[path] == mask).all() for path, mask in truth.items())
    labels.write_text('{')
    done = warm_python.run([*command, '--seed', '1'], environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f'error: {labels}: expected JSON')
