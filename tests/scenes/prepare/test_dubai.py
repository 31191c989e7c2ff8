"""The Dubai set as tiles with class masks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets import DubaiDataset
from ktda_mmseg.scenes.prepare.dubai import SPLITS, dubai_mask, prepare

COLOURS = {
    'building': '3C1098',
    'land': '8429F6',
    'road': '6EC1E4',
    'vegetation': 'FEDD3A',
    'water': 'E2A929',
}


@pytest.fixture
def archive(tmp_path) -> Path:
    """Eight made-up mosaics of one part, 20x14; water left, unlabelled right."""
    for number in range(1, 9):
        folder = tmp_path / 'archive' / f'Tile {number}'
        image = np.full((14, 20, 3), 20 * number, np.uint8)
        mask = np.full((14, 20, 3), 0x9B, np.uint8)
        mask[:, :5] = (0xE2, 0xA9, 0x29)
        for kind, array, suffix in (('images', image, 'jpg'), ('masks', mask, 'png')):
            (folder / kind).mkdir(parents=True)
            Image.fromarray(array).save(folder / kind / f'image_part_001.{suffix}')
    return tmp_path / 'archive'


def test_each_published_colour_is_its_class():
    for name, code in COLOURS.items():
        colour = np.frombuffer(bytes.fromhex(code), np.uint8).reshape(1, 1, 3)
        index = dubai_mask(colour, Path('m.png'))[0, 0]
        assert DubaiDataset.METAINFO['classes'][index] == name
        assert DubaiDataset.METAINFO['palette'][index] == colour.ravel().tolist()


def test_unlabelled_and_black_are_ignored():
    colours = np.array([[[0x9B] * 3, [0] * 3]], np.uint8)
    assert dubai_mask(colours, Path('m.png')).tolist() == [[255, 255]]


def test_an_unknown_colour_is_named():
    colours = np.array([[[1, 2, 3], [1, 2, 3], [0, 0, 0]]], np.uint8)
    with pytest.raises(ValueError, match=r'm\.png: .* found #010203 in 2 pixels$'):
        dubai_mask(colours, Path('m.png'))


def test_mosaics_are_tiled_and_never_in_two_splits(archive, tmp_path):
    summary = prepare(tmp_path / 'set', archive, tile=8)
    assert summary.images == {'train': 4 * 6, 'val': 6, 'test': 3 * 6}
    for split, numbers in SPLITS.items():
        names = {path.name for path in (tmp_path / 'set' / 'img_dir' / split).iterdir()}
        assert {int(name[4]) for name in names} == set(numbers)
    mask = tmp_path / 'set' / 'ann_dir' / 'val' / 'tile4_part_001_y0006_x0000.png'
    assert np.asarray(Image.open(mask)).tolist() == [[255] * 8] * 2 + [[4] * 5 + [255] * 3] * 6


def test_a_mask_of_another_size_is_named(archive, tmp_path):
    path = archive / 'Tile 4' / 'masks' / 'image_part_001.png'
    Image.open(path).resize((10, 10)).save(path)
    with pytest.raises(ValueError, match=r'Tile 4/masks/.*expected the size of its image'):
        prepare(tmp_path / 'set', archive)


@pytest.mark.parametrize(('kind', 'suffix'), [('images', 'jpg'), ('masks', 'png')])
def test_a_truncated_file_is_named(archive, tmp_path, kind, suffix):
    path = archive / 'Tile 2' / kind / f'image_part_001.{suffix}'
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=rf'Tile 2/{kind}/.*expected a complete image'):
        prepare(tmp_path / 'set', archive)
    assert not (tmp_path / 'set').exists()


def test_a_missing_mask_is_named(archive, tmp_path):
    (archive / 'Tile 7' / 'masks' / 'image_part_001.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'Tile 7: .*none for 1: image_part_001$'):
        prepare(tmp_path / 'set', archive)


def test_a_missing_mosaic_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'Tile 1: expected files images/\*\.jpg, found none'
    ):
        prepare(tmp_path / 'set', tmp_path)


def test_real_masks_hold_only_known_colours(shared):
    folder = shared / 'data' / 'dubai' / 'Tile 3' / 'masks'
    counts = np.zeros(256, int)
    for path in folder.iterdir():
        labels = dubai_mask(np.asarray(Image.open(path).convert('RGB')), path)
        counts += np.bincount(labels.ravel(), minlength=256)
    # building, land, road, vegetation, water; unlabelled 105,733 and black 306
    assert counts[:5].tolist() == [119_347, 1_861_320, 298_773, 175_516, 1_477_809]
    assert counts[255] == 105_733 + 306
