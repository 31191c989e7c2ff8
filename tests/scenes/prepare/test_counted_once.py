"""Each labelled pixel of val and test is counted once, whatever tiles share it."""

import tempfile
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ktda_mmseg.raster.tiling import held_before, tile_windows
from ktda_mmseg.scenes.prepare import dubai
from ktda_mmseg.scenes.prepare.jobs import Job, Tile
from ktda_mmseg.scenes.prepare.layout import write_layout

sides = st.integers(1, 40)


def read(out, split):
    """Masks of a split by the source, row and column in their names."""
    for path in sorted((out / 'ann_dir' / split).iterdir()):
        *source, y, x = path.stem.split('_')
        yield '_'.join(source), int(y.strip('y')), int(x.strip('x')), np.asarray(Image.open(path))


def counted(out, split, shape):
    """How often each pixel of sources of one shape is counted, and the sum of its labels."""
    times, labels = {}, {}
    for source, y, x, mask in read(out, split):
        part = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
        here = mask != 255
        times.setdefault(source, np.zeros(shape, int))[part] += here
        labels.setdefault(source, np.zeros(shape, int))[part] += np.where(here, mask, 0)
    return times, labels


@given(sides, sides, st.integers(1, 20), st.data())
def test_what_is_not_held_before_divides_the_pixels(height, width, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    windows = data.draw(st.permutations(tile_windows(height, width, size, overlap)))
    windows = windows[: data.draw(st.integers(1, len(windows)))]
    owner = np.full((height, width), -1)  # independent: the first to come paints
    for index, window in reversed([*enumerate(windows)]):
        window.cut(owner)[:] = index
    for index, (window, parts) in enumerate(zip(windows, held_before(windows), strict=True)):
        own = np.ones((window.height, window.width), bool)
        for part in parts:
            assert part.cut(own).shape == (part.height, part.width)
            part.cut(own)[:] = False
        assert np.array_equal(own, window.cut(owner) == index)


@settings(max_examples=40)
@given(sides, sides, st.integers(3, 20), st.data())
def test_written_masks_count_each_labelled_pixel_once(height, width, size, data):
    overlap = data.draw(st.integers(0, size // 2))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    truth = rng.choice([0, 1, 2, 255], (2, height, width)).astype(np.uint8)
    truth[:, 0, 0] = 1  # a split needs a tile
    windows = tile_windows(height, width, size, overlap)

    def cut(labels, row):
        for window in row:
            mask = window.cut(labels)
            image = np.zeros((*mask.shape, 3), np.uint8)
            yield None if (mask == 255).all() else Tile(image, mask)

    jobs = []
    for split in ('train', 'val', 'test'):
        for source, labels in enumerate(truth):
            for y, row in groupby(windows, key=lambda window: window.y):
                tiles = tuple(row)
                names = tuple(f'{source}_y{y}_x{w.x}' for w in tiles)
                make = lambda labels=labels, tiles=tiles: cut(labels, tiles)  # noqa: E731
                jobs.append(Job(split, names, make, str(source), tiles))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, 'set')
        summary = write_layout(out, jobs, {}, ('a', 'b', 'c'))
        for split in ('val', 'test'):
            times, labels = counted(out, split, (height, width))
            for source, expected in enumerate(truth):
                assert np.array_equal(times[str(source)], expected != 255)
                assert np.array_equal(labels[str(source)], np.where(expected != 255, expected, 0))
            assert summary.pixels[split][:255].sum() == (truth != 255).sum()
            assert not any((mask == 255).all() for *_, mask in read(out, split))
        for source, y, x, mask in read(out, 'train'):
            assert np.array_equal(mask, truth[int(source), y : y + size, x : x + size])


def test_a_folder_that_counts_pixels_twice_is_not_taken_for_one_that_does_not(tmp_path):
    mask = np.zeros((4, 6), np.uint8)

    def jobs(apart):
        windows = tile_windows(4, 6, 4)
        tiles = [Tile(np.zeros((4, 4, 3), np.uint8), window.cut(mask)) for window in windows]
        places = () if apart else ('image', tuple(windows))
        return [Job('test', ('0', '2'), lambda: tiles, *places)]

    twice = write_layout(tmp_path / 'set', jobs(True), {'set': 'test'}, ('a',))
    assert twice.pixels['test'][0] == 32
    with pytest.raises(FileExistsError, match='shared_val_test_pixels'):
        write_layout(tmp_path / 'set', jobs(False), {'set': 'test'}, ('a',))
    once = write_layout(tmp_path / 'other', jobs(False), {'set': 'test'}, ('a',))
    assert once.pixels['test'][0] == 24


def test_the_real_mosaics_are_counted_once(shared, tmp_path, monkeypatch):
    """One part of each held-out mosaic, so that the test takes seconds."""
    splits = {'val': (4,), 'test': (2, 5, 7)}
    monkeypatch.setattr(dubai, 'SPLITS', splits)
    pairs = dubai.pair_all
    first = lambda *arguments: dict([*pairs(*arguments).items()][:1])  # noqa: E731
    monkeypatch.setattr(dubai, 'pair_all', first)
    summary = dubai.prepare(tmp_path / 'set', shared / 'data' / 'dubai')
    for split, numbers in splits.items():
        expected = np.zeros(256, int)
        for number in numbers:
            folder = shared / 'data' / 'dubai' / f'Tile {number}'
            ((_, path),) = first(folder, 'images/*.jpg', 'masks/*.png').values()
            labels = dubai.dubai_mask(np.asarray(Image.open(path).convert('RGB')), path)
            expected += np.bincount(labels.ravel(), minlength=256)
        assert summary.pixels[split][:5].tolist() == expected[:5].tolist()
