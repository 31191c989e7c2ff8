"""Division into splits, by shares or by a list."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ktda_mmseg.scenes.prepare.splits import divide, read_division

SHARES = {'train': 0.6, 'val': 0.2, 'test': 0.2}


@given(
    st.dictionaries(st.text(max_size=3), st.sampled_from('abc'), max_size=60), st.integers(0, 99)
)
def test_each_kind_has_its_share(kinds, seed):
    splits = divide(kinds, SHARES, seed)
    assert [*splits] == sorted(kinds)
    for kind in 'abc':
        counts = Counter(splits[name] for name in kinds if kinds[name] == kind)
        for split, share in SHARES.items():
            # a kind begins where the one before it left off
            assert abs(counts[split] - share * counts.total()) < 2
    for split, share in SHARES.items():
        assert abs(Counter(splits.values())[split] - share * len(kinds)) < 1


def test_ninety_six_scenes_of_eight_biomes():
    kinds = {f'{biome}{number}': biome for biome in 'abcdefgh' for number in range(12)}
    splits = divide(kinds, SHARES, 0)
    assert Counter(splits.values()) == {'train': 58, 'val': 19, 'test': 19}
    assert {kinds[name] for name in kinds if splits[name] == 'test'} == set('abcdefgh')


def test_the_order_of_names_does_not_matter_and_the_seed_does():
    kinds = dict.fromkeys((f'{number:02d}' for number in range(40)), '')
    backwards = dict(reversed(kinds.items()))
    assert divide(kinds, SHARES, 1) == divide(backwards, SHARES, 1)
    assert divide(kinds, SHARES, 1) != divide(kinds, SHARES, 2)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match='expected a seed from 0, got -1'):
        divide({'a': ''}, SHARES, -1)


def test_lists_are_read(tmp_path):
    path = tmp_path / 'splits.yaml'
    path.write_text('train: [c, a]\nval:\n  - b\n')
    assert read_division(path, 'abcd', SHARES) == {'a': 'train', 'b': 'val', 'c': 'train'}


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('train: [007, 1_0]\nval: [1e3, no]', ['007', '1_0', '1e3', 'no']),
        ('train: [2020-01-01.TIF]\nval: [8.5.png]', ['2020-01-01', '8.5']),
        ('{"train": [12], "val": ["13.jp2"]}', ['12', '13']),
        ('train: [x/a.tif, y/a]\nval: [b]\ntest:', ['x/a', 'y/a', 'z/b']),
        ('train: [v1.2]\nval: [v1]', ['v1.2', 'v1']),
    ],
)
def test_names_that_are_numbers_or_have_a_suffix_or_folders(tmp_path, text, names):
    path = tmp_path / 'splits.yaml'
    path.write_bytes(text.encode('utf-16'))
    division = read_division(path, names, SHARES)
    assert [*division] == sorted(names) and {*division.values()} == {'train', 'val'}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('train: [a', 'expected YAML'),
        ('[a, b]', 'a list of names for each of .*train.* found'),
        ('train: a', 'a list of names for each of'),
        ('training: [a]', 'a list of names for each of'),
        ('train: [a, x]', "expected names of the source in train, found 'x'"),
        ('train: [q]', "found 'q', which may be x/q, y/q; there are a, b, c, d, x/q and 1 more"),
        ('train: [a]\nval: [b, a]', 'expected each name once, found a in train and val'),
    ],
)
def test_a_fault_of_the_lists_is_named(tmp_path, text, message):
    path = tmp_path / 'splits.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=rf'splits\.yaml: .*{message}'):
        read_division(path, [*'abcd', 'x/q', 'y/q'], SHARES)
