"""Splits get their shares, and what is near each other on the ground is never in two of them."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('shapely')
rasterio = pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
connected_components = pytest.importorskip('scipy.sparse.csgraph').connected_components

from ktda_mmseg.raster.files import Georeference  # noqa: E402
from ktda_mmseg.scenes.prepare.neighbours import neighbours  # noqa: E402
from ktda_mmseg.scenes.prepare.parts import blocks  # noqa: E402
from ktda_mmseg.scenes.prepare.scenes import Scene  # noqa: E402
from ktda_mmseg.scenes.prepare.splits import SPLITS, assign, by_scene, shares  # noqa: E402

SHARES = shares(0.15, 0.15)


def scene(name, x, y, size=(100, 100), epsg=32632, pixel=10):
    """A scene of which only the place matters; x and y in metres, None without a place."""
    place = None
    if x is not None:
        transform = rasterio.transform.from_origin(5e5 + x, 5e6 - y, pixel, pixel)
        place = Georeference(rasterio.crs.CRS.from_epsg(epsg), transform)
    return Scene(name, Path('in') / f'{name}.tif', *size, (1,), 'uint8', False, (1, 64), 2, place)


def boxes(scene, windows, grow=0):
    """The windows' rectangles on the ground, by rasterio and geopandas."""
    rectangles = [
        rasterio.windows.bounds(
            rasterio.windows.Window(
                w.x - grow, w.y - grow, w.width + 2 * grow, w.height + 2 * grow
            ),
            scene.place.transform,
        )
        for w in windows
    ]
    from shapely.geometry import box

    return geopandas.GeoSeries([box(*bounds) for bounds in rectangles], crs=scene.place.crs)


def test_shares():
    assert shares(0.15, 0.15) == {'train': 0.7, 'val': 0.15, 'test': 0.15}
    assert shares(0, 0.25) == {'train': 0.75, 'test': 0.25}
    for wrong in ((-0.1, 0.2), (0.5, 0.5)):
        with pytest.raises(ValueError, match='from 0 and below 1 together'):
            shares(*wrong)


@given(st.lists(st.integers(1, 50), min_size=3, max_size=40), st.integers(0, 9))
def test_each_split_gets_its_share(sizes, seed):
    things = {f't{i}': size for i, size in enumerate(sizes)}
    splits = assign(things, SHARES, seed)
    assert splits.keys() == things.keys() and set(splits.values()) == set(SPLITS)
    got = Counter()
    for name, split in splits.items():
        got[split] += things[name]
    # the greedy rule is off by one thing at the most
    for split in ('val', 'test'):
        assert got[split] <= max(SHARES[split] * sum(sizes) + max(sizes), max(sizes))
    assert assign(dict(reversed(things.items())), SHARES, seed) == splits


def test_a_seed_is_a_draw():
    things = dict.fromkeys('abcdefghij', 1)
    draws = {tuple(assign(things, SHARES, seed).items()) for seed in range(5)}
    assert len(draws) > 1
    assert Counter(dict(next(iter(draws))).values())['train'] == 7


def test_too_few_scenes_suggest_blocks():
    with pytest.raises(ValueError, match=r'at least 3, one a split, found 2; try --split block'):
        by_scene([scene('a', 0, 0), scene('b', 9e4, 0)], SHARES, 0, 0, {})


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 20), st.integers(1, 20)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 8),
)
def test_scenes_nearer_than_the_guard_stay_together(rectangles, guard):
    scenes = [
        scene(f's{i}', 10 * x, 10 * y, (height, width))
        for i, (x, y, height, width) in enumerate(rectangles)
    ]
    x, y, height, width = np.array(rectangles).T
    across = np.maximum(x[:, None] - x - width, x - x[:, None] - width[:, None])
    down = np.maximum(y[:, None] - y - height, y - y[:, None] - height[:, None])
    count, labels = connected_components(np.maximum(across, down) < guard)
    expected = {frozenset(f's{i}' for i in np.flatnonzero(labels == n)) for n in range(count)}
    assert {frozenset(s.name for s in group) for group in neighbours(scenes, guard)} == expected


def test_scenes_that_stay_together_share_a_split():
    chain = [scene(f'c{i}', 900 * i, 0) for i in range(5)]
    alone = [scene(f'a{i}', 1e5 * (i + 1), 0, (250, 200)) for i in range(7)]
    draws = [by_scene([*chain, *alone], SHARES, seed, 0, {}) for seed in range(8)]
    together = [{splits[s.name] for s in chain} for splits in draws]
    assert all(len(splits) == 1 for splits in together) and len(set.union(*together)) > 1


@pytest.mark.parametrize('zone', [32633, 4326])
def test_scenes_overlap_across_reference_systems(zone):
    """One scene in UTM 32, one with the same centre in another system, and others far away."""
    here = scene('here', 200_000, 0)
    centre = geopandas.points_from_xy([5e5 + 200_500], [5e6 - 500], crs=32632).to_crs(zone)
    pixel = 10 if zone != 4326 else 1e-4
    transform = rasterio.transform.from_origin(
        centre.x[0] - 50 * pixel, centre.y[0] + 50 * pixel, pixel, pixel
    )
    place = Georeference(rasterio.crs.CRS.from_epsg(zone), transform)
    there = here._replace(name='there', place=place)
    others = [scene(f'o{i}', -1e5 * i, 0, (200, 100)) for i in range(6)]
    draws = [by_scene([here, there, *others], SHARES, seed, 0, {}) for seed in range(12)]
    assert all(splits['here'] == splits['there'] for splits in draws)
    assert len({splits['here'] for splits in draws}) > 1


@settings(max_examples=25)
@given(st.data())
def test_tiles_of_different_splits_are_a_guard_apart(data):
    tile = data.draw(st.integers(4, 8), 'tile')
    overlap = data.draw(st.integers(0, tile // 2), 'overlap')
    side = data.draw(st.integers(2 * tile, 4 * tile), 'block')
    guard = data.draw(st.integers(0, tile), 'guard')
    count = data.draw(st.integers(1, 2), 'scenes')
    sides = st.integers(3 * side, 4 * side)
    scenes = [
        scene(
            f's{i}',
            10 * data.draw(st.integers(0, 40)),
            10 * data.draw(st.integers(0, 40)),
            (data.draw(sides), data.draw(sides)),
        )
        for i in range(count)
    ]
    try:
        parts = blocks(scenes, SHARES, data.draw(st.integers(0, 3)), side, guard, tile, overlap)
    except ValueError as error:
        assert 'try a larger --block' in str(error)
        return
    for part in parts:
        whole = (part.block.y, part.block.x, *np.add(part.block[:2], part.block[2:]))
        for w in part.windows:
            assert max(w.height, w.width) <= tile
            assert whole[0] <= w.y and w.y + w.height <= whole[2]
            assert whole[1] <= w.x and w.x + w.width <= whole[3]
    placed = {split: [] for split in SPLITS}
    for part in parts:
        corner = (-part.scene.place.transform.f / 10, part.scene.place.transform.c / 10)
        for window in part.windows:
            start = np.add(corner, window[:2])
            placed[part.split].append([start, start + window[2:]])
    for first, second in combinations(SPLITS, 2):
        one, other = np.array(placed[first])[:, None], np.array(placed[second])
        gaps = np.maximum(one[..., 0, :] - other[:, 1], other[:, 0] - one[..., 1, :]).max(-1)
        assert gaps.min() >= guard - 1e-6


def test_blocks_cover_a_scene_and_the_guard_takes_only_what_is_near():
    alone = scene('a', None, None, (400, 500))
    loose = blocks([alone], SHARES, 0, 100, 0, 20, 0)
    assert sum(len(part.windows) for part in loose) == 20 * 25
    assert sum(part.near for part in loose) == 0
    strict = blocks([alone], SHARES, 0, 100, 20, 20, 0)
    kept = {(part.split, window) for part in strict for window in part.windows}
    assert kept < {(part.split, window) for part in loose for window in part.windows}
    assert sum(part.near for part in strict) == 500 - len(kept)
    tests = [part for part in strict if part.split == 'test']
    assert tests and all(len(part.windows) == 25 for part in tests)


def test_scenes_of_the_same_ground_are_split_alike():
    first, second = scene('may', 0, 0, (400, 500)), scene('june', 70, -90, (400, 500))
    parts = blocks([first, second], SHARES, 0, 100, 20, 20, 0)
    by_name = [[part.split for part in parts if part.scene is s] for s in (first, second)]
    assert by_name[0] == by_name[1]


def test_overlapping_scenes_in_two_systems_are_a_guard_apart():
    """The other scene lies in UTM 33, turned against the first by some degrees."""
    here = scene('here', 200_000, 0, (300, 300))
    centre = geopandas.points_from_xy([5e5 + 201_500], [5e6 - 1500], crs=32632).to_crs(32633)
    there = scene('there', centre.x[0] - 1500 - 5e5, 5e6 - centre.y[0] - 1500, (300, 300), 32633)
    parts = blocks([here, there], SHARES, 1, 60, 12, 12, 0)
    for part in parts:
        for other in parts:
            if SPLITS.index(part.split) < SPLITS.index(other.split) and part.windows:
                grown = boxes(part.scene, part.windows, 11).to_crs(32632)
                block = boxes(other.scene, [other.block]).to_crs(32632)[0]
                assert not grown.intersects(block).any()


def test_blocks_that_cannot_be_split_say_why():
    alone = scene('a', None, None, (100, 100))
    with pytest.raises(ValueError, match='expected blocks of at least a tile, 20 pixels, got 10'):
        blocks([alone], SHARES, 0, 10, 0, 20, 0)
    with pytest.raises(
        ValueError, match=r'at least 3, one a split, found 1; try --block 40 --guard 0$'
    ):
        blocks([alone], SHARES, 0, 80, 0, 20, 0)
    with pytest.raises(ValueError, match='expected tiles for .*train.* or --guard 0'):
        blocks([alone], SHARES, 0, 40, 90, 20, 0)
