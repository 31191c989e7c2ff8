"""Windows predicted by PyTorch, from a config and a checkpoint."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.model import revert_sync_batchnorm
from mmseg.models import BaseSegmentor
from torch import Tensor, nn

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.utils.compiling import compile_parts
from ktda_mmseg.utils.confidence import threshold_logit
from ktda_mmseg.utils.files import hash_of, json_text

from .card import ModelCard

Precision = Literal['bf16', 'fp16']
DTYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}
PIXELS = 1 << 16  # of the windows that a core works on at once; they have to fit its cache


def class_probabilities(
    logits: Tensor, threshold: float | None = None, temperature: float = 1.0
) -> Tensor:
    """Turn logits ``(N, K, h, w)``, or ``(N, 1, h, w)`` for two classes, into probabilities.

    A head with one output gives the odds of class 1 against its threshold (None for 0.5), so that
    the more probable class is the one that mmseg labels. At any temperature it is the same one.
    """
    if logits.size(1) == 1:
        logits = logits - threshold_logit(threshold)
    if temperature != 1:
        logits = logits / temperature
    if logits.size(1) > 1:
        return logits.softmax(1)
    positive = logits.sigmoid()
    return torch.cat([1 - positive, positive], 1)


class StoredToProbabilities(nn.Module):
    """A deployed model with what comes before and after it.

    It takes stored values ``(N, C, h, w)`` of the card's bands, and gives the probability of each
    class ``(N, K, h, w)``, float32, as :class:`Predictor` does without the card's temperature.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: BaseSegmentor, card: ModelCard) -> None:
        super().__init__()
        self.model = model
        for name in ('mean', 'std'):
            values = torch.tensor(getattr(card, name)).view(1, -1, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the probabilities ``(N, K, h, w)``, float32, of stored values ``(N, C, h, w)``."""
        return self.probabilities(self.normalised(images))

    def normalised(self, images: Tensor) -> Tensor:
        """Turn stored values into what the model takes."""
        return (images - self.mean) / self.std

    def probabilities(self, inputs: Tensor, temperature: float = 1.0) -> Tensor:
        """Predict normalised images."""
        size = inputs.shape[2:]
        logits = self.model.encode_decode(inputs, [dict(img_shape=size, pad_shape=size)]).float()
        return class_probabilities(logits, self.model.decode_head.threshold, temperature)


class TorchPredictor:
    """A :class:`Predictor` that runs the deployed model of a checkpoint.

    On CPUs every core works on windows of its own: for models of this size that is quicker than
    all of them on one window, and the result does not depend on how many there are. From then on
    PyTorch starts no threads of its own in this process.

    Attributes:
        card (ModelCard): What the model expects and what its classes are.
        identity (str): SHA-256 of checkpoint, config and settings.
        network (StoredToProbabilities): The model, in evaluation mode.

    Args:
        config (str | Path): Config that trained the model, or its deployed one.
        checkpoint (str | Path): Its weights.
        device (str | None): Such as 'cpu' or 'cuda:1'; None takes what the machine has.
        amp (str | None): Run under autocast in 'bf16' or, on a GPU only, 'fp16'.
        compile (bool): Compile the model where the machine can.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If checkpoint and config do not fit, the config does not say what it expects of
            an image, or ``amp`` is unknown or does not run on the device.
    """

    def __init__(
        self,
        config: str | Path,
        checkpoint: str | Path,
        device: str | None = None,
        amp: Precision | None = None,
        compile: bool = False,
    ) -> None:
        self._made_of = (config, checkpoint, device, amp, compile)
        self.device = torch.device(device or get_device())
        if self.device.type == 'cuda' and self.device.index is None:
            # a thread of its own would not know which one this worker has
            self.device = torch.device('cuda', torch.cuda.current_device())
        if amp not in (None, *DTYPES) or (amp == 'fp16' and self.device.type == 'cpu'):
            raise ValueError(
                f'expected amp bf16, or fp16 on a GPU, got {amp} on {self.device.type}'
            )
        cfg, model, meta, _, temperature = load_deployed(config, checkpoint, drop_auxiliary=True)
        self.card = ModelCard.of(cfg, meta, temperature)
        self.amp = amp
        settings = [cfg.model.to_dict(), asdict(self.card), self.device.type, amp, compile]
        described = json_text(settings, default=str) + hash_of(Path(checkpoint))
        self.identity = hashlib.sha256(described.encode()).hexdigest()
        network = StoredToProbabilities(revert_sync_batchnorm(model), self.card)
        self.network = network.eval().to(memory_format=torch.channels_last).to(self.device)
        if compile:
            compile_parts(model, dynamic=None)
        workers = torch.get_num_threads() if self.device.type == 'cpu' else 1
        self._workers = ThreadPoolExecutor(
            workers, initializer=torch.set_num_threads, initargs=(1,)
        )

    def __reduce__(self) -> tuple:
        return type(self), self._made_of

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Predict; see :class:`Predictor`."""
        step = len(images)
        if self.device.type == 'cpu':
            step = max(1, PIXELS // (images.shape[2] * images.shape[3]))
        parts = [images[first : first + step] for first in range(0, len(images), step)]
        return np.concatenate(list(self._workers.map(self._predict, parts)))

    @torch.inference_mode()
    def _predict(self, images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(images).to(self.device, memory_format=torch.channels_last)
        precision = (
            torch.autocast(self.device.type, DTYPES[self.amp]) if self.amp else nullcontext()
        )
        with precision:
            return self.network(batch).contiguous().cpu().numpy()
