"""Test-time augmentation: the mean of what a model says of an image and of its mirror images."""

import hashlib

import numpy as np

from .predictor import Predictor

# rows and columns of (N, C, H, W), reversed
VIEWS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


class FlippedViews:
    """A :class:`Predictor` that averages another one's probabilities over four views.

    Attributes:
        card (ModelCard): The other one's.
        identity (str): Differs from the other one's.

    Args:
        predictor (Predictor): The other one.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.card = predictor.card
        self.identity = hashlib.sha256(f'flipped {predictor.identity}'.encode()).hexdigest()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; see :class:`Predictor`."""
        views = (
            np.flip(self.predictor(np.ascontiguousarray(np.flip(images, axes))), axes)
            for axes in VIEWS
        )
        return np.mean(list(views), axis=0)
