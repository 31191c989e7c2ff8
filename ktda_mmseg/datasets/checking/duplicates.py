"""Images that occur twice: exactly, or nearly and across splits."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from .faults import Fault
from .scan import Facts

BLOCK = 2048  # images compared at once, which bounds the memory
BITS = 64
MOST_DIFFERENT_BITS = 10
LEAST_CORRELATION = 0.95  # of the small grey pictures; recompressed ones reach it, others do not


def find_duplicates(facts: Sequence[Facts]) -> list[Fault]:
    """Find equal images anywhere and nearly equal ones across splits.

    Images of a single value are left out. Nearly equal are two whose dHashes differ in few bits and
    whose small grey pictures correlate, as after recompression or a change of brightness.

    Args:
        facts (Sequence[Facts]): Facts of all images.

    Returns:
        list[Fault]: An error for each set of equal images across splits, a warning for each such
        set within a split and for each nearly equal pair.
    """
    groups: dict[bytes, list[Facts]] = {}
    for fact in facts:
        if fact.likeness is not None:
            groups.setdefault(fact.likeness.digest, []).append(fact)
    faults = [_equal(group) for group in groups.values() if len(group) > 1]
    splits: dict[str, list[Facts]] = {}
    for fact in facts:
        if fact.likeness is not None:
            splits.setdefault(fact.pair.source.split, []).append(fact)
    for a, b in combinations(splits.values(), 2):
        faults += [_similar(*pair) for pair in _near_pairs(a, b)]
    return faults


def _near_pairs(a: Sequence[Facts], b: Sequence[Facts]) -> Iterator[tuple[Facts, Facts]]:
    for start_a in range(0, len(a), BLOCK):
        rows = a[start_a : start_a + BLOCK]
        for start_b in range(0, len(b), BLOCK):
            columns = b[start_b : start_b + BLOCK]
            # signs that agree count +1, others -1
            agreement = _stack(rows, 'gradients') @ _stack(columns, 'gradients').T
            alike = agreement >= BITS - 2 * MOST_DIFFERENT_BITS
            for row, column in np.argwhere(alike):
                one, other = rows[row].likeness, columns[column].likeness
                assert one is not None and other is not None
                correlation = one.sketch.astype(np.float32) @ other.sketch
                if correlation >= LEAST_CORRELATION and one.digest != other.digest:
                    yield rows[row], columns[column]


def _stack(facts: Sequence[Facts], name: str) -> np.ndarray:
    return np.stack([getattr(fact.likeness, name) for fact in facts]).astype(np.float32)


def _equal(group: Sequence[Facts]) -> Fault:
    files = tuple(fact.pair.image for fact in group)
    across = len({fact.pair.source.split for fact in group}) > 1
    where = 'across splits' if across else f'in {group[0].pair.source.split}'
    message = f'{files[0]}: expected each image once, found the same pixels in ' + ', '.join(
        map(str, files[1:])
    )
    return Fault('error' if across else 'warning', f'same image {where}', message, files)


def _similar(one: Facts, other: Facts) -> Fault:
    files = (one.pair.image, other.pair.image)
    message = f'{files[0]}: expected another image in each split, found nearly the same in '
    return Fault('warning', 'similar image across splits', f'{message}{files[1]}', files)
