"""Classes in the colours of their palette."""

from collections.abc import Sequence

import numpy as np

IGNORED = (0, 0, 0)


def colourise(labels: np.ndarray, palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Turn class indices ``(H, W)`` into RGB ``(H, W, 3)``; ignored pixels become black."""
    table = np.full((256, 3), IGNORED, dtype=np.uint8)
    table[: len(palette)] = palette
    return table[labels]
