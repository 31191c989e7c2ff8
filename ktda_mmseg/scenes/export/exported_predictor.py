"""A predictor of an exported file; each runtime adds how it loads one."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from mmseg.models.utils import resize

from ktda_mmseg.scenes.map.torch_predictor import class_probabilities
from ktda_mmseg.utils.files import hash_of

from .errors import first_line
from .exported_card import ExportedCard, card_path

Run = Callable[[np.ndarray], np.ndarray]


class ExportedPredictor(ABC):
    """A :class:`ktda_mmseg.scenes.map.predictor.Predictor` of a file with its card beside it.

    What is not inside the file is done around it: normalising before, resizing and softmax after.
    A file that gives labels predicts them with probability 1.

    Attributes:
        format (str): Format that the runtime loads.
        card (ExportedCard): The card beside the file.
        identity (str): SHA-256 of the file and its card.

    Args:
        path (str | Path): The file.
        threads (int | None): Threads that compute; None for as many as PyTorch would use, which
            follows OMP_NUM_THREADS.

    Raises:
        FileNotFoundError: If the file or its card is not there.
        ImportError: If the runtime is not installed.
        ValueError: If the card is none or of another format, or the file does not load.
    """

    format: ClassVar[str]

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path = Path(path)
        files = self.files(self.path)
        for file in files:
            if not file.is_file():
                raise FileNotFoundError(f'{file}: expected an exported model, found none')
        card = card_path(self.path)
        self.card = ExportedCard.read(card)
        if self.card.format != self.format:
            raise ValueError(f'{path}: expected the format {self.format}, got {self.card.format}')
        hashes = ''.join(map(hash_of, (*files, card)))
        self.identity = hashlib.sha256(hashes.encode()).hexdigest()
        try:
            self._run = self.load(self.path, threads or torch.get_num_threads())
        except ImportError:
            raise
        except Exception as error:  # each runtime has errors of its own
            raise ValueError(
                f'{path}: expected a whole {self.format} model, found: {first_line(error)}'
            ) from error

    @classmethod
    def files(cls, path: Path) -> tuple[Path, ...]:
        """Return the files of a model without its card; the one that names it is the last."""
        return (path,)

    @staticmethod
    @abstractmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file in its runtime; return what maps one array to another."""

    def prepare(self, images: np.ndarray) -> np.ndarray:
        """Turn stored values into what the file takes.

        Args:
            images (np.ndarray): ``(N, C, h, w)``, stored values, float32.

        Returns:
            np.ndarray: Of the same shape and type.
        """
        if self.card.preprocess:
            return images
        mean, std = (
            np.array(values, np.float32)[:, None, None]
            for values in (self.card.mean, self.card.std)
        )
        return (images - mean) / std

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict.

        Args:
            images (np.ndarray): ``(N, C, h, w)``, stored values, float32, empty pixels filled.

        Returns:
            np.ndarray: ``(N, K, h, w)``, float32, probability of each class.

        Raises:
            ValueError: If the file takes other images, or tells apart other classes.
        """
        self.card.check_images(images.shape, self.path)
        probabilities = self._probabilities(
            self._run(np.ascontiguousarray(self.prepare(images))), images.shape[2:]
        )
        if probabilities.shape[1] != len(self.card.classes):
            raise ValueError(
                f'{self.path}: expected {len(self.card.classes)} outputs, as many as classes of '
                f'the card, got {probabilities.shape[1]}'
            )
        return probabilities

    def _probabilities(self, outputs: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
        """Make probabilities of what the file gives for images of a size."""
        if self.card.output == 'probabilities':
            return outputs
        if self.card.output == 'labels':
            classes = np.arange(len(self.card.classes))[:, None, None]
            return (outputs[:, None] == classes).astype(np.float32)
        logits = resize(
            torch.from_numpy(outputs),
            size=size,
            mode='bilinear',
            align_corners=self.card.align_corners,
        )
        return class_probabilities(logits, self.card.threshold).numpy()
