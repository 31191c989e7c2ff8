"""A prepared folder is complete or absent; an interrupted preparation continues."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.raster.files import Georeference, open_raster
from ktda_mmseg.scenes.prepare.jobs import Job, Tile
from ktda_mmseg.scenes.prepare.layout import write_layout

SETTINGS = {'set': 'test'}
CLASSES = ('a', 'b')


def tile(value):
    mask = np.full((4, 4), value, np.uint8)
    mask[0] = 255
    return [Tile(np.full((4, 4, 3), 10 * value, np.uint8), mask)]


def jobs(made, stop=None, error=KeyboardInterrupt):
    def make(index):
        if index == stop:
            raise error
        made.append(index)
        return tile(index % 2)

    return [Job('train', (f'{i}',), lambda i=i: make(i)) for i in range(3)]


def test_the_layout_and_its_counts(tmp_path):
    summary = write_layout(tmp_path / 'set', jobs([]), SETTINGS, CLASSES)
    assert summary.images == {'train': 3}
    assert summary.pixels['train'][[0, 1, 255]].tolist() == [24, 12, 12]
    assert '50.0 %' in str(summary) and '25.0 %' in str(summary)
    image = Image.open(tmp_path / 'set' / 'img_dir' / 'train' / '1.png')
    assert np.array_equal(np.asarray(image), tile(1)[0].image)


def test_an_interrupted_preparation_continues(tmp_path):
    out, made = tmp_path / 'set', []
    with pytest.raises(KeyboardInterrupt):
        write_layout(out, jobs(made, stop=1), SETTINGS, CLASSES)
    assert not out.exists()
    write_layout(out, jobs(made), SETTINGS, CLASSES)
    assert sorted(made) == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ['set']


def test_a_failed_preparation_goes_on_when_its_source_is_mended(tmp_path):
    out, made = tmp_path / 'set', []
    with pytest.raises(ValueError, match='broken'):
        write_layout(out, jobs(made, 1, ValueError('broken')), SETTINGS, CLASSES)
    assert not out.exists()
    write_layout(out, jobs(made), SETTINGS, CLASSES)
    assert sorted(made) == [0, 1, 2]


def test_repeating_does_nothing_and_other_settings_are_refused(tmp_path):
    write_layout(tmp_path / 'set', jobs([]), SETTINGS, CLASSES)
    made = []
    write_layout(tmp_path / 'set', jobs(made), SETTINGS, CLASSES)
    assert made == []
    with pytest.raises(FileExistsError, match='set: expected no folder'):
        write_layout(tmp_path / 'set', jobs([]), {'set': 'other'}, CLASSES)


def test_settings_with_nan_are_those_of_a_repetition(tmp_path):
    """Such as a nodata value; JSON has no NaN."""
    for _ in range(2):
        write_layout(tmp_path / 'set', jobs([]), {'nodata': float('nan'), 'at': (1,)}, CLASSES)
        assert 'NaN' not in (tmp_path / 'set' / 'preparation.json').read_text()


def test_what_was_begun_with_other_settings_begins_anew(tmp_path, capsys):
    """As when the user mends the file that says what labels mean, which is among the settings."""
    out, made = tmp_path / 'set', []
    with pytest.raises(ValueError, match='unknown label'):
        write_layout(out, jobs([], 1, ValueError('unknown label')), {'set': 'old'}, CLASSES)
    write_layout(out, jobs(made), SETTINGS, CLASSES)
    assert sorted(made) == [0, 1, 2] and 'begins anew' in capsys.readouterr().out
    (tmp_path / 'empty.partial').mkdir()
    write_layout(tmp_path / 'empty', jobs([]), SETTINGS, CLASSES)
    (tmp_path / 'other.partial').mkdir()
    (tmp_path / 'other.partial' / 'precious').touch()
    with pytest.raises(FileExistsError, match=r'other\.partial: .* one without preparation'):
        write_layout(tmp_path / 'other', jobs([]), SETTINGS, CLASSES)


def test_a_folder_of_the_user_is_not_touched(tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'precious').touch()
    with pytest.raises(FileExistsError, match=r'one without preparation\.json'):
        write_layout(tmp_path / 'set', jobs([]), SETTINGS, CLASSES)
    assert (tmp_path / 'set' / 'precious').exists()


def test_what_a_vanished_source_left_is_removed(tmp_path):
    out, made = tmp_path / 'set', []
    first, second, third = jobs(made, stop=2, error=ValueError)
    gone = Job('val', ('gone',), lambda: tile(0))
    with pytest.raises(ValueError):
        write_layout(out, [gone, first, second, third], SETTINGS, CLASSES)
    write_layout(out, jobs(made), SETTINGS, CLASSES)
    assert sorted(str(path.relative_to(out)) for path in out.rglob('*.*')) == [
        *(f'{kind}_dir/train/{i}.png' for kind in ('ann', 'img') for i in range(3)),
        'preparation.json',
    ]
    assert [path.name for path in (out / 'img_dir').iterdir()] == ['train']


def test_tiles_are_left_out_but_not_all_of_a_split(tmp_path):
    some = [Job('train', ('a', 'b'), lambda: [None, *tile(1)])]
    summary = write_layout(tmp_path / 'some', some, SETTINGS, CLASSES)
    assert summary.images == {'train': 1}
    none = [*jobs([]), Job('val', ('c',), lambda: [None])]
    with pytest.raises(ValueError, match='expected tiles for val, all of them were left out'):
        write_layout(tmp_path / 'none', none, SETTINGS, CLASSES)


def test_work_whose_tiles_were_left_out_is_not_repeated(tmp_path):
    made = []

    def make(stop):
        made.append(stop)
        yield from [None, *tile(1)]
        if stop:
            raise KeyboardInterrupt

    def work(stop):
        return [
            Job('train', ('a', 'b'), lambda: make(False)),
            Job('train', ('c', 'd'), lambda: make(stop)),
        ]

    with pytest.raises(KeyboardInterrupt):
        write_layout(tmp_path / 'set', work(True), SETTINGS, CLASSES, threads=1)
    write_layout(tmp_path / 'set', work(False), SETTINGS, CLASSES, threads=1)
    assert made == [False, True]
    for kind in ('img_dir', 'ann_dir'):
        names = [path.name for path in (tmp_path / 'set' / kind / 'train').iterdir()]
        assert sorted(names) == ['b.png', 'd.png']


def test_a_tile_with_a_place_carries_it(tmp_path):
    rasterio = pytest.importorskip('rasterio')
    crs, transform = rasterio.crs.CRS.from_epsg(32632), rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)
    placed = tile(1)[0]._replace(georeference=Georeference(crs, transform))
    for suffix in ('.png', '.tif'):
        write_layout(
            tmp_path / suffix, [Job('train', ('a',), lambda: [placed])], SETTINGS, CLASSES, suffix
        )
        path = tmp_path / suffix / 'img_dir' / 'train' / f'a{suffix}'
        with open_raster(path) as raster:
            assert (raster.crs, raster.transform) == (crs, transform)
            assert np.array_equal(raster.read().transpose(1, 2, 0), placed.image)
        assert np.array_equal(np.asarray(Image.open(path)), placed.image)
        # mmseg's inferencer takes every file of the folder for an image
        assert [file.name for file in path.parent.iterdir()] == [path.name]
