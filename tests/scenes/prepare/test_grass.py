"""The grass set, from the published archive and from raw tiles with polygons."""

import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.grass import prepare

SIZE = 24


@pytest.fixture
def published(tmp_path):
    """A small archive: two pairs to train, one to validate."""
    rng = np.random.default_rng(0)
    for name, split in {'a': 'train', 'b': 'train', 'c': 'val'}.items():
        for kind in ('img_dir', 'ann_dir'):
            (tmp_path / 'archive' / kind / split).mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
        Image.fromarray(image).save(tmp_path / 'archive' / 'img_dir' / split / f'{name}.tif')
        mask = Image.fromarray(rng.integers(0, 5, (SIZE, SIZE), np.uint8)).convert('P')
        mask.save(tmp_path / 'archive' / 'ann_dir' / split / f'{name}.png')
    return tmp_path / 'archive'


@pytest.fixture
def raw(tmp_path):
    """Ten raw tiles; the left half of each is labelled 1 to 5, one tile is not labelled."""
    pytest.importorskip('rasterio')
    folder = tmp_path / 'raw'
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(11):
        image = rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
        Image.fromarray(image).save(folder / f'{number}.tif')
        if number < 10:
            write_drawing(folder / f'{number}.json', number % 5 + 1)
    return folder


def write_drawing(path, label, points=((0, 0), (12, 0), (12, 24), (0, 24)), height=SIZE):
    """Write what LabelMe does for one polygon."""
    shape = dict(label=str(label), points=points, shape_type='polygon')
    path.write_text(json.dumps(dict(shapes=[shape], imageHeight=height, imageWidth=SIZE)))


def files(folder):
    """Content of all images and masks, by name."""
    return {
        path.relative_to(folder): path.read_bytes()
        for kind in ('img_dir', 'ann_dir')
        for path in (folder / kind).rglob('*.*')
    }


def test_published_pairs_are_copied_as_they_are(published, tmp_path):
    summary = prepare(published, tmp_path / 'set')
    assert files(tmp_path / 'set') == files(published)
    assert summary.images == {'train': 2, 'val': 1}
    assert summary.pixels['train'][:5].sum() == 2 * SIZE * SIZE


@pytest.mark.parametrize('lost', ['img_dir/train/a.tif', 'ann_dir/train/a.png'])
def test_a_published_file_without_partner_is_named(published, tmp_path, lost):
    (published / lost).unlink()
    with pytest.raises(FileNotFoundError, match=r'dir/train/\*.* for each .* found none for 1: a$'):
        prepare(published, tmp_path / 'set')


def test_a_published_split_that_is_missing_is_named(published, tmp_path):
    (published / 'img_dir' / 'val').rename(published / 'img_dir' / 'test')
    with pytest.raises(FileNotFoundError, match=r'archive: expected files img_dir/val/\*\.tif'):
        prepare(published, tmp_path / 'set')


def test_a_label_that_is_no_class_is_named(published, tmp_path):
    Image.fromarray(np.full((SIZE, SIZE), 7, np.uint8)).save(published / 'ann_dir/val/c.png')
    with pytest.raises(ValueError, match=r'c\.png: expected labels 0-4, .* found 7 in 576 pixels$'):
        prepare(published, tmp_path / 'set')


def test_a_mask_of_another_size_is_named(published, tmp_path):
    Image.fromarray(np.zeros((SIZE, 9), np.uint8)).save(published / 'ann_dir/val/c.png')
    with pytest.raises(ValueError, match=r'c\.png: expected the size of its image, \(24, 24\)'):
        prepare(published, tmp_path / 'set')


@pytest.mark.filterwarnings('ignore:Truncated File Read')
@pytest.mark.parametrize('name', ['img_dir/val/c.tif', 'ann_dir/val/c.png'])
def test_a_truncated_published_file_is_named(published, tmp_path, name):
    path = published / name
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=f'{name}: expected a complete'):
        prepare(published, tmp_path / 'set')


def test_polygons_become_masks_and_what_is_unlabelled_is_ignored(raw, tmp_path):
    summary = prepare(raw, tmp_path / 'set')
    assert summary.images == {'train': 8, 'val': 2}
    assert summary.notes == ['1 images without a .json, left out']
    for path in (tmp_path / 'set' / 'ann_dir').rglob('*.png'):
        mask = np.asarray(Image.open(path))
        assert (mask[:, :12] == int(path.stem) % 5).all()
        assert (mask[:, 12:] == 255).all()
    for path in (tmp_path / 'set' / 'img_dir').rglob('*.tif'):
        np.testing.assert_array_equal(Image.open(path), Image.open(raw / path.name))


def test_official_masks_count_what_is_unlabelled_as_low(raw, tmp_path):
    write_drawing(raw / '3.json', 0)
    prepare(raw, tmp_path / 'set', official=True)
    for path in (tmp_path / 'set' / 'ann_dir').rglob('*.png'):
        mask = np.asarray(Image.open(path))
        assert (mask[:, :12] == (0 if path.stem == '3' else int(path.stem) % 5)).all()
        assert (mask[:, 12:] == 0).all()


def test_the_division_is_the_same_every_time_and_another_by_seed(raw, tmp_path):
    found = []
    for number, seed in enumerate([42, 42, 1, 2]):
        prepare(raw, tmp_path / str(number), seed=seed)
        found.append(frozenset(p.stem for p in (tmp_path / str(number) / 'img_dir/val').iterdir()))
    assert found[0] == found[1]
    assert max(Counter(found[1:]).values()) == 1


def test_a_georeference_is_kept(raw, tmp_path):
    rasterio = pytest.importorskip('rasterio')
    place = dict(crs='EPSG:32649', transform=rasterio.Affine(0.5, 0, 5000, 0, -0.5, 4000))
    shape = dict(driver='GTiff', height=SIZE, width=SIZE, count=3, dtype='uint8')
    for number in range(10):
        with rasterio.open(raw / f'{number}.tif', 'w', **shape, **place) as raster:
            raster.write(np.full((3, SIZE, SIZE), number, np.uint8))
    prepare(raw, tmp_path / 'set')
    for path in (tmp_path / 'set' / 'img_dir').rglob('*.tif'):
        with rasterio.open(path) as raster:
            assert raster.crs.to_epsg() == 32649 and raster.transform == place['transform']
            assert (raster.read() == int(path.stem)).all()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(label=6), r"0\.json: expected labels of \['1', .*'5'\], found \['6'\]"),
        (dict(label=0), r"0\.json: expected labels of .*, found \['0'\]"),
        (dict(label='grass'), r"0\.json: expected labels of .*, found \['grass'\]"),
        (dict(label=1, height=25), r'0\.json: .*its image, \(24, 24\), found \(25, 24\)'),
        (dict(label=1, height=None), r'0\.json: .*imageHeight and imageWidth, found None and 24'),
        (dict(label=1, points=[[0, 0], [1, 1]]), r'0\.json: shape 0: expected a polygon of 3'),
    ],
)
def test_a_faulty_drawing_is_named(raw, tmp_path, change, message):
    write_drawing(raw / '0.json', **change)
    with pytest.raises(ValueError, match=message):
        prepare(raw, tmp_path / 'set')
    assert not (tmp_path / 'set').exists()


def test_an_official_label_above_5_is_named(raw, tmp_path):
    write_drawing(raw / '0.json', 6)
    with pytest.raises(ValueError, match=r"0\.json: expected labels of .*, found \['6'\]"):
        prepare(raw, tmp_path / 'set', official=True)


def test_a_drawing_without_image_is_named(raw, tmp_path):
    (raw / '7.tif').unlink()
    with pytest.raises(FileNotFoundError, match=r'\*\.tif for each \*\.json, found none for 1: 7$'):
        prepare(raw, tmp_path / 'set')


def test_a_truncated_raw_tile_is_named(raw, tmp_path):
    (raw / '0.tif').write_bytes((raw / '0.tif').read_bytes()[:200])
    with pytest.raises(ValueError, match=r'0\.tif: expected a complete raster'):
        prepare(raw, tmp_path / 'set')


def test_a_folder_of_something_else_is_told_what_was_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'img_dir and ann_dir, or \.tif with \.json'):
        prepare(tmp_path, tmp_path / 'set')
