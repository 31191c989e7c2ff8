"""Images that occur twice: exactly, or nearly and across splits."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ktda_mmseg.utils.tables import first_few

from .faults import Fault, Severity

if TYPE_CHECKING:
    from .scan import Facts

HASH_SIZE = (9, 8)
SKETCH_SIZE = (16, 16)
BLOCK = 2048  # images compared at once, which bounds the memory
BITS = 64
MOST_DIFFERENT_BITS = 10
LEAST_CORRELATION = 0.95  # of the small grey pictures; recompressed ones reach it, others do not


class Likeness(NamedTuple):
    """Fingerprints of one image that is not of a single value."""

    digest: bytes  # equal for equal pixels only
    gradients: np.ndarray  # dHash: whether grey rises to the right, (64,), 1 or -1, int8
    sketch: np.ndarray  # 16×16 grey values of mean 0 and length 1, (256,), float16


Known = tuple['Facts', Likeness]


def likeness(pixels: np.ndarray) -> Likeness:
    """Take the fingerprints of pixels (H, W, C): the digest of all bands, else of the first three.

    They may be of any real type; NaN and infinity count as 0.
    """
    digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16)
    digest.update(f'{pixels.shape} {pixels.dtype}'.encode())
    grey = np.zeros(pixels.shape[:2], np.float32)
    for band in range(min(pixels.shape[2], 3)):
        grey += pixels[..., band]
    if pixels.dtype.kind == 'f':
        grey = np.nan_to_num(grey, posinf=0, neginf=0)
    steps = np.diff(cv2.resize(grey, HASH_SIZE, interpolation=cv2.INTER_AREA), axis=1)
    sketch = cv2.resize(grey, SKETCH_SIZE, interpolation=cv2.INTER_AREA).ravel()
    sketch -= sketch.mean()
    length = np.linalg.norm(sketch)
    return Likeness(
        digest.digest(),
        np.where(steps > 0, 1, -1).astype(np.int8).ravel(),
        (sketch / length if length else sketch).astype(np.float16),
    )


def find_duplicates(facts: Sequence['Facts']) -> list[Fault]:
    """Find equal images anywhere and nearly equal ones across splits.

    Nearly equal are two whose dHashes differ in few bits and whose small grey pictures correlate,
    as after recompression or a change of brightness. Equal ones are an error across splits and a
    warning within one, nearly equal ones a warning for each image that is like an earlier one.
    """
    groups: dict[bytes, list[Facts]] = {}
    splits: dict[str, list[Known]] = {}
    for fact in facts:
        if fact.likeness is not None:
            groups.setdefault(fact.likeness.digest, []).append(fact)
            splits.setdefault(fact.pair.source.split, []).append((fact, fact.likeness))
    faults = [_equal(group) for group in groups.values() if len(group) > 1]
    for earlier, later in combinations(splits.values(), 2):
        for start in range(0, len(later), BLOCK):
            block = later[start : start + BLOCK]
            faults += [_similar(*pair) for pair in _near_pairs(earlier, block)]
    return faults


def _near_pairs(
    earlier: Sequence[Known], later: Sequence[Known]
) -> Iterator[tuple['Facts', 'Facts']]:
    """Yield each later image that is like an earlier one, after the earlier one it is most like."""
    most = np.full(len(later), LEAST_CORRELATION)
    likest: dict[int, Known] = {}
    for start in range(0, len(earlier), BLOCK):
        block = earlier[start : start + BLOCK]
        # signs that agree count +1, others -1
        agreement = _stack(block, 'gradients') @ _stack(later, 'gradients').T
        correlation = _stack(block, 'sketch') @ _stack(later, 'sketch').T
        correlation[agreement < BITS - 2 * MOST_DIFFERENT_BITS] = 0
        for column in map(int, np.flatnonzero(correlation.max(0) >= most)):
            row = int(correlation[:, column].argmax())
            likest[column], most[column] = block[row], correlation[row, column]
    for column, (fact, its_likeness) in likest.items():
        other, likeness_of_other = later[column]
        # equal ones are told already
        if its_likeness.digest != likeness_of_other.digest:
            yield fact, other


def _stack(images: Sequence[Known], name: str) -> np.ndarray:
    return np.stack([getattr(likeness, name) for _, likeness in images]).astype(np.float32)


def _equal(group: Sequence['Facts']) -> Fault:
    files = tuple(fact.pair.image for fact in group)
    across = len({fact.pair.source.split for fact in group}) > 1
    where = 'across splits' if across else f'in {group[0].pair.source.split}'
    message = f'{files[0]}: expected each image once, found the same pixels in '
    severity: Severity = 'error' if across else 'warning'
    return Fault(severity, f'same image {where}', message + first_few(files[1:]), files)


def _similar(one: 'Facts', other: 'Facts') -> Fault:
    files = (one.pair.image, other.pair.image)
    message = f'{files[0]}: expected another image in each split, found nearly the same in '
    return Fault('warning', 'similar image across splits', f'{message}{files[1]}', files)
