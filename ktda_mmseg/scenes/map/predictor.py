"""What runs a model on windows, whatever the model is stored as."""

import hashlib
from typing import Protocol

import numpy as np

from .card import ModelCard

# rows and columns of (N, C, H, W), reversed
VIEWS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


class Predictor(Protocol):
    """A model that is ready to run."""

    @property
    def card(self) -> ModelCard:
        """Return what it expects and what its classes are."""
        ...

    @property
    def identity(self) -> str:
        """Return the SHA-256 of the model and of every setting that changes what it predicts."""
        ...

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities ``(N, K, h, w)``, float32, of images ``(N, C, h, w)``, float32.

        Images hold stored values of the card's bands, pixels without data filled. ``N`` varies;
        ``h`` and ``w`` are a window's. The temperature of the card is left to what comes last,
        :func:`.temperature.tempered`: means of views would have other labels with it.
        """
        ...


class FlippedViews:
    """A :class:`Predictor` that averages another one's probabilities over its mirror images."""

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
