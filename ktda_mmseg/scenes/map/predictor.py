"""What runs a model on windows, whatever the model is stored as."""

from typing import Protocol

import numpy as np

from .card import ModelCard


class Predictor(Protocol):
    """A model that is ready to run.

    Attributes:
        card (ModelCard): What it expects and what its classes are.
        identity (str): SHA-256 of the model and of every setting that changes what it predicts.
    """

    @property
    def card(self) -> ModelCard:
        """Return its card."""
        ...

    @property
    def identity(self) -> str:
        """Return what tells it from others."""
        ...

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict.

        Args:
            images (np.ndarray): ``(N, C, h, w)``, float32: stored values of the card's bands,
                pixels without data filled. ``N`` varies; ``h`` and ``w`` are a window's.

        Returns:
            np.ndarray: ``(N, K, h, w)``, float32: probability of each class.
        """
        ...
