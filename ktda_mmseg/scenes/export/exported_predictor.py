"""Exported files, run by ONNX Runtime or OpenVINO without the code of the model."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from mmseg.models.utils import resize

from ktda_mmseg.scenes.map.temperature import tempered
from ktda_mmseg.scenes.map.torch_predictor import class_probabilities
from ktda_mmseg.utils.extras import needed_for
from ktda_mmseg.utils.files import hash_of

from .exported_card import ExportedCard, card_path

Run = Callable[[np.ndarray], np.ndarray]
PROVIDERS = ('CUDAExecutionProvider', 'CPUExecutionProvider')  # of ONNX Runtime


def import_for_export(name: str) -> Any:  # noqa: ANN401
    """Import a module of a package of the extra ``export``; ImportError says how to install it."""
    with needed_for('an exported model', extra='export'):
        return import_module(name)


@cache
def openvino_core() -> Any:  # noqa: ANN401
    """Return the one core of OpenVINO that this process has, as long as it lives.

    Each brings a stack for signals. Where one of two goes before the other, OpenVINO (2026.4)
    leaves a stack that it has freed, and the next signal ends the process without a word: a child
    that ends, or Ctrl-C.
    """
    return import_for_export('openvino').Core()


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, or the kind of error where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class ExportedPredictor(ABC):
    """A :class:`ktda_mmseg.scenes.map.predictor.Predictor` of a file with its card beside it.

    What is not inside the file is done around it: normalising before, resizing and softmax after.
    A file that gives labels predicts them with probability 1. Unless told otherwise, as many
    threads compute as PyTorch would use, which follows OMP_NUM_THREADS.
    """

    format: ClassVar[str]

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path, self._threads = Path(path), threads
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

    def __reduce__(self) -> tuple:
        return type(self), (self.path, self._threads)

    @classmethod
    def files(cls, path: Path) -> tuple[Path, ...]:
        """Return the files of a model without its card; the one that names it is the last."""
        return (path,)

    @staticmethod
    @abstractmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file in its runtime; return what maps one array to another."""

    def prepare(self, images: np.ndarray) -> np.ndarray:
        """Turn stored values ``(N, C, h, w)`` into what the file takes."""
        if self.card.preprocess:
            return images
        mean, std = (
            np.array(values, np.float32)[:, None, None]
            for values in (self.card.mean, self.card.std)
        )
        return (images - mean) / std

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; ValueError if the file takes other images, or tells apart other classes."""
        self.card.check_images(images.shape, self.path)
        outputs = self._run(np.ascontiguousarray(self.prepare(images)))
        probabilities = self._probabilities(outputs, images.shape[2:])
        if probabilities.shape[1] != len(self.card.classes):
            raise ValueError(
                f'{self.path}: expected {len(self.card.classes)} outputs, as many as classes of '
                f'the card, got {probabilities.shape[1]}'
            )
        return probabilities

    def _probabilities(self, outputs: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
        """Make probabilities of what the file gives for images of a size."""
        if self.card.output == 'probabilities':
            return tempered(outputs, 1 / self.card.temperature)  # it stands in the file
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


class OnnxPredictor(ExportedPredictor):
    """Of an ``.onnx`` file; it takes a GPU where onnxruntime was built for one."""

    format = 'onnx'

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; see :class:`ExportedPredictor`."""
        runtime = import_for_export('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        available = runtime.get_available_providers()
        providers = [provider for provider in PROVIDERS if provider in available]
        session = runtime.InferenceSession(str(path), options, providers=providers)
        name = session.get_inputs()[0].name
        return lambda images: session.run(None, {name: images})[0]


class OpenvinoPredictor(ExportedPredictor):
    """Of an ``.xml`` file and the ``.bin`` of its weights beside it, on the CPU."""

    format = 'openvino'

    @classmethod
    def files(cls, path: Path) -> tuple[Path, ...]:
        """Return the files of a model; see :class:`ExportedPredictor`."""
        return path.with_suffix('.bin'), path

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; see :class:`ExportedPredictor`."""
        # half precision, its default where a CPU computes in it, is not what was checked
        settings = {'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'f32'}
        model = openvino_core().compile_model(str(path), 'CPU', settings)
        return lambda images: model(images)[0]
