"""What a temperature makes of probabilities."""

import numpy as np


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return what probabilities ``(..., K, h, w)`` are once their logits are divided by it.

    Labels are the same. It undoes itself by ``1 / temperature``.
    """
    if temperature == 1:
        return probabilities
    powers = probabilities ** np.float32(1 / temperature)
    return powers / powers.sum(-3, keepdims=True)
