"""Fitting the temperature of a trained model on its validation split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from torch import Tensor

from ktda_mmseg.checkpoints.deploy import load_deployed
from ktda_mmseg.checkpoints.reading import read_checkpoint
from ktda_mmseg.checkpoints.temperature import temperature_of, write_temperature
from ktda_mmseg.checkpoints.writing import check_suffix
from ktda_mmseg.datasets.requirements import require_data
from ktda_mmseg.utils.confidence import (
    bin_confidences,
    calibration_error,
    class_logits,
    fit_temperature,
    negative_log_likelihood,
)

PIXELS = 1 << 20  # to fit on


class Calibration(NamedTuple):
    """A temperature, and what it changes on the pixels it was fitted on; before, then after.

    Attributes:
        temperature (float): What logits are to be divided by.
        previous (float): What the checkpoint noted before, or 1.
        pixels (int): Labelled pixels that were fitted on.
        labelled (int): Labelled pixels of the split.
        likelihood (tuple[float, float]): Negative log-likelihood of the true class, the mean.
        error (tuple[float, float]): Expected calibration error, from 0 to 1.
    """

    temperature: float
    previous: float
    pixels: int
    labelled: int
    likelihood: tuple[float, float]
    error: tuple[float, float]

    def __str__(self) -> str:
        """Say it in a few lines."""
        again = f', {self.previous:.4g} before, fitted anew from 1' if self.previous != 1 else ''
        return (
            f'temperature {self.temperature:.4g}{again}\n'
            f'fitted on {self.pixels:,} of {self.labelled:,} labelled pixels of the val split\n'
            f'negative log-likelihood {self.likelihood[0]:.4f} -> {self.likelihood[1]:.4f}\n'
            f'expected calibration error {self.error[0]:.2%} -> {self.error[1]:.2%}'
        )


def calibrate(config: Path, checkpoint: Path, out: Path | None = None) -> Calibration:
    """Fit one temperature on the validation split, and note it in the ``meta`` of a checkpoint.

    Logits are those of mmseg's test on whole images of the split, without the checkpoint's own
    temperature. Of more than 2^20 labelled pixels as many are drawn from all, with a fixed seed.

    Args:
        config (Path): Config that trained the model, or its deployed one.
        checkpoint (Path): Its weights.
        out (Path | None): File to write, ``.pth``, ``.pt`` or ``.safetensors``; None for the
            checkpoint itself. Default: None.

    Returns:
        Calibration: What was fitted and written.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there is no labelled validation split, checkpoint and config do not fit, or
            the pixels tell no temperature; nothing is written then.
    """
    out = out or checkpoint
    check_suffix(out)
    content = read_checkpoint(checkpoint)
    previous = temperature_of(content, checkpoint)
    sample = PixelSample(PIXELS)
    for logits, truth in _predictions(config, checkpoint):
        sample.add(logits, truth)
    temperature = fit_temperature(sample.logits, sample.truth)
    before, after = (
        (
            negative_log_likelihood(sample.logits, sample.truth, one),
            calibration_error(bin_confidences(sample.logits, sample.truth, one)),
        )
        for one in (1.0, temperature)
    )
    write_temperature(content, temperature, checkpoint, out)
    likelihood, error = zip(before, after, strict=True)
    return Calibration(temperature, previous, len(sample.truth), sample.seen, likelihood, error)


class PixelSample:
    """Pixels drawn from any number of images, each as likely; the same at every run.

    Args:
        size (int): Pixels to keep at the most.

    Attributes:
        seen (int): Pixels that were drawn from.
        logits (Tensor): ``(K, n)``, float32, of those that are kept.
        truth (Tensor): Their true classes ``(n,)``, int64.
    """

    def __init__(self, size: int) -> None:
        self.size, self.seen = size, 0
        self.logits, self.truth = torch.empty(0, 0), torch.empty(0, dtype=torch.int64)
        self._keys = torch.empty(0, dtype=torch.float64)
        self._random = torch.Generator().manual_seed(0)

    def add(self, logits: Tensor, truth: Tensor) -> None:
        """Draw from logits ``(K, n)`` and classes ``(n,)``: those with the smallest keys stay."""
        self.seen += len(truth)
        keys = torch.rand(len(truth), generator=self._random, dtype=torch.float64)
        if len(self._keys) == self.size:
            small = keys < self._keys.max()
            keys, logits, truth = keys[small], logits[:, small], truth[small]
        self._keys = torch.cat([self._keys, keys])
        self.logits = torch.cat([self.logits.reshape(len(logits), -1), logits], 1)
        self.truth = torch.cat([self.truth, truth])
        if len(self._keys) > self.size:
            kept = self._keys.topk(self.size, largest=False).indices
            self._keys, self.truth = self._keys[kept], self.truth[kept]
            self.logits = self.logits[:, kept]


@torch.inference_mode()
def _predictions(config: Path, checkpoint: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits ``(K, n)`` and classes ``(n,)`` of the labelled pixels of each image."""
    cfg, model, *_ = load_deployed(config, checkpoint, drop_auxiliary=True)
    _require_split(cfg, config)
    device = get_device()
    if device == 'cpu':
        model = revert_sync_batchnorm(model)
    model.eval().to(device)
    with DefaultScope.overwrite_default_scope('mmseg'):
        loader = Runner.build_dataloader(cfg.val_dataloader)
        for batch in track_iter_progress((loader, len(loader))):
            for sample in model.test_step(batch):
                if 'gt_sem_seg' not in sample:
                    raise ValueError(f'{config}: expected val_dataloader to load masks, found none')
                truth = sample.gt_sem_seg.data.squeeze(0).cpu().long()
                logits = class_logits(sample.seg_logits.data, model.decode_head.threshold).cpu()
                labelled = (truth < len(logits)) & (truth != loader.dataset.ignore_index)
                yield logits[:, labelled], truth[labelled]


def _require_split(cfg: Config, source: Path) -> None:
    if not (cfg.get('val_dataloader') or {}).get('dataset'):
        raise ValueError(f'{source}: expected val_dataloader to calibrate on, found none')
    require_data(cfg, ['val'])
