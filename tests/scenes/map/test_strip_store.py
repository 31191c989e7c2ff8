"""Strips are kept whole or not at all, and only for the settings that they were made with."""

import numpy as np
import pytest

from ktda_mmseg.scenes.map.strips import Strip, StripStore

SETTINGS = {'scene': {'path': 'a.tif', 'size': 3}, 'model': 'abc', 'overlap': 16}
STRIPS = ((0, 2), (2, 5))


def strip(rows):
    values = np.arange(rows * 4, dtype=np.uint8).reshape(rows, 4)
    return Strip(values, None, np.stack([values, values + 1]))


def test_layers_come_back_in_the_order_of_rows(tmp_path):
    store = StripStore(tmp_path / 'a.strips', SETTINGS, STRIPS)
    store.prepare()
    assert store.missing() == [0, 1]
    store.write(1, strip(3))
    assert store.missing() == [0]
    with pytest.raises(FileNotFoundError):
        list(store.rows())
    store.write(0, strip(2))
    assert store.missing() == []
    rows = np.concatenate(list(store.rows()))
    assert (rows == np.concatenate([strip(2).labels, strip(3).labels])).all()
    rows = np.concatenate(list(store.rows('probabilities')), axis=1)
    assert (rows == np.concatenate([strip(2).probabilities, strip(3).probabilities], 1)).all()
    store.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'change',
    [{'overlap': 17}, {'scene': {'path': 'a.tif', 'size': 4}}, {'more': None}],
    ids=['setting', 'scene', 'more'],
)
def test_strips_of_other_settings_are_not_seen_and_are_removed(tmp_path, change):
    store = StripStore(tmp_path, SETTINGS, STRIPS)
    store.prepare()
    store.write(0, strip(2))
    other = StripStore(tmp_path, {**SETTINGS, **change}, STRIPS)
    assert other.missing() == [0, 1] and store.missing() == [1]
    other.prepare()
    assert store.missing() == [0, 1] and not list(tmp_path.iterdir())


def test_strips_of_the_same_settings_stay_and_what_a_kill_left_goes(tmp_path):
    StripStore(tmp_path, SETTINGS, STRIPS).prepare()
    StripStore(tmp_path, SETTINGS, STRIPS).write(0, strip(2))
    (tmp_path / '.partial.1.x.npz').write_bytes(b'half')
    (tmp_path / 'products').mkdir()
    same = StripStore(tmp_path, dict(reversed(SETTINGS.items())), STRIPS)
    same.prepare()
    assert same.missing() == [1] and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    'damage', [lambda b: b[:-30], lambda b: b.replace(bytes(range(8)), b'?' * 8)]
)
def test_a_damaged_strip_is_named(tmp_path, damage):
    store = StripStore(tmp_path, SETTINGS, STRIPS)
    store.write(0, strip(2))
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf'{path.name}: expected a whole strip'):
        store.read(0, 'labels')
