"""Strips hold what was predicted, whole or not at all, and never that of other settings."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ktda_mmseg.scenes.map.strips import Layers, Strip, StripStore, quantise

SETTINGS = {'scene': {'path': 'a.tif', 'size': 3}, 'model': 'abc', 'overlap': 16}
STRIPS = ((0, 2), (2, 5))


def blended(scores, valid):
    probabilities = scores / scores.sum(0, keepdims=True)
    return SimpleNamespace(index=0, probabilities=probabilities.astype(np.float32), valid=valid)


@given(
    arrays(np.float32, (3, 2, 4), elements=st.floats(0.0625, 1, width=32)),
    arrays(bool, (2, 4)),
    st.sampled_from(['uint8', 'uint16']),
)
def test_values_are_the_probabilities_and_nodata_stays(scores, valid, dtype):
    one = blended(scores, valid)
    strip = quantise(one, Layers(confidence=True, probabilities=dtype))
    nodata = np.iinfo(dtype).max
    # half a step, and half of what float32 leaves between two values of so many steps
    one_half = (0.5 + np.spacing(np.float32(nodata - 1)) / 2) / (nodata - 1)
    assert strip.labels.dtype == np.uint8 and strip.probabilities.dtype == dtype
    for y, x in np.ndindex(2, 4):
        values = one.probabilities[:, y, x].tolist()
        if not valid[y, x]:
            assert strip.labels[y, x] == strip.confidence[y, x] == 255
            assert (strip.probabilities[:, y, x] == nodata).all()
            continue
        assert strip.labels[y, x] == values.index(max(values))
        assert abs(strip.confidence[y, x] / 254 - max(values)) <= 0.5001 / 254
        for stored, value in zip(strip.probabilities[:, y, x].tolist(), values):
            assert stored < nodata and abs(stored / (nodata - 1) - value) <= one_half


def test_what_has_no_data_may_hold_anything_but_nothing_else():
    scores = np.ones((2, 1, 2), np.float32)
    one = blended(scores, np.array([[True, False]]))
    one.probabilities[:, 0, 1] = np.nan
    strip = quantise(one, Layers(True, 'uint16'))
    assert strip.labels.tolist() == [[0, 255]] and strip.confidence.tolist() == [[127, 255]]
    one.probabilities[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match='expected probabilities, found NaN'):
        quantise(one, Layers())


def test_only_what_is_asked_for_is_kept():
    strip = quantise(blended(np.ones((2, 1, 1), np.float32), np.ones((1, 1), bool)), Layers())
    assert strip.confidence is None and strip.probabilities is None
    assert Layers().bytes_per_pixel(5) == 1
    assert Layers(True, 'uint16').bytes_per_pixel(5) == 12


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
