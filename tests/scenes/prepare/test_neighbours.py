"""Chips that carry no georeference stay with their neighbours, as far as names tell them."""

from itertools import pairwise
from pathlib import Path

import pytest

from ktda_mmseg.scenes.prepare.neighbours import by_numbers, by_pattern
from ktda_mmseg.scenes.prepare.scenes import Scene
from ktda_mmseg.scenes.prepare.splits import SPLITS, by_scene

SHARES = {'train': 0.7, 'val': 0.15, 'test': 0.15}


def chips(names):
    return [
        Scene(n, Path(f'{n}.png'), 64, 64, (1, 2, 3), 'uint8', False, (1, 64), 3, None)
        for n in names
    ]


def split(names, seed=0, shares=SHARES, pattern=None):
    scenes = chips(names)
    groups = by_pattern(scenes, pattern) if pattern else by_numbers(scenes, shares, seed)
    return by_scene(scenes, shares, seed, 64, groups)


@pytest.mark.parametrize(
    'name', ['{:04d}', 'tile_{}', 'north/img{:03d}', '{}_image', 'a-{:05d}_sat', 'y{:05d}']
)
@pytest.mark.parametrize('seed', [0, 1, 2])
def test_few_of_successive_numbers_fall_apart(name, seed):
    names = [name.format(2 * number) for number in range(1, 101)]
    splits = split(sorted(names), seed)
    assert {s: [*splits.values()].count(s) for s in SPLITS} == {'train': 70, 'val': 15, 'test': 15}
    assert sum(splits[one] != splits[other] for one, other in pairwise(names)) == 2


def test_chips_of_one_image_stay_together():
    names = [f'city{c}_r{r}_c{k}' for c in range(12) for r in range(3) for k in range(4)]
    splits = split(names)
    assert all(len({splits[n] for n in names if n.startswith(f'city{c}_')}) == 1 for c in range(12))
    assert set(splits.values()) == set(SPLITS)


def test_numbers_that_only_name_things_are_no_neighbours():
    numbers = [7919 * i**2 % 1_000_003 for i in range(1, 80)]
    assert by_numbers(chips(map(str, numbers)), SHARES, 0) == {}
    assert by_numbers(chips(['meadow', 'beach']), SHARES, 0) == {}


def test_a_pattern_of_the_user_says_what_belongs_together():
    names = [f'{day}_{place}' for place in 'abcdef' for day in ('mon', 'tue', 'wed')]
    splits = split(names, pattern=r'_(\w)$')
    assert all(len({splits[n] for n in names if n[-1] == place}) == 1 for place in 'abcdef')
    alone = split([f'{number}' for number in range(60)], pattern='.+')
    assert sum(one != other for one, other in pairwise(alone.values())) > 9
    with pytest.raises(ValueError, match=r"regular expression as --group, got '\('"):
        split(names, pattern='(')
    with pytest.raises(ValueError, match='--group to fit names of images, got'):
        split(names, pattern='[0-9]')


@pytest.mark.parametrize('count', [3, 4, 5])
def test_few_chips_can_still_be_split(count):
    assert set(split([f'c{n}' for n in range(count)]).values()) == set(SPLITS)


def test_groups_that_leave_too_few_say_what_helps():
    with pytest.raises(ValueError, match=r"found 1; try --group '\.\+'"):
        split(['x1', 'x2', 'x3', 'x4'], pattern='x')
