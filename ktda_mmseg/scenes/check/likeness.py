"""What makes images comparable: an exact digest and a perceptual hash."""

import hashlib
from typing import NamedTuple

import cv2
import numpy as np

HASH_SIZE = (9, 8)
SKETCH_SIZE = (16, 16)


class Likeness(NamedTuple):
    """Fingerprints of one image that is not of a single value.

    Attributes:
        digest (bytes): Equal for equal pixels only.
        gradients (np.ndarray): dHash: whether grey rises to the right, (64,), 1 or -1, int8.
        sketch (np.ndarray): 16×16 grey values of mean 0 and length 1, (256,), float16.
    """

    digest: bytes
    gradients: np.ndarray
    sketch: np.ndarray


def likeness(pixels: np.ndarray) -> Likeness:
    """Take the fingerprints of an image.

    Args:
        pixels (np.ndarray): (H, W, C), any real type; NaN and infinity count as 0.

    Returns:
        Likeness: Fingerprints of all bands (digest) and of the grey of the first three (others).
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
