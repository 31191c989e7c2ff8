"""What does not fit a model is said in one sentence, before or at the first step."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample
from torch import nn

from ktda_mmseg.datasets.requirements import SPLITS, require_data
from ktda_mmseg.utils.input_bands import bands_fault

from .unwrapping import unwrapped

SIDE = 16  # pixels of the image that losses are tried on
INSTEAD = {
    'FocalLoss': 'SigmoidFocalLoss does the same everywhere',
    'OhemCrossEntropy': "use CrossEntropyLoss and sampler=dict(type='OHEMPixelSampler', "
    'thresh=0.7, min_kept=100000) in the head',
    'LovaszLoss': "it wants per_image=True, or reduction='none'",
}
OHEM = 'OHEMPixelSampler without thresh wants CrossEntropyLoss of softmax; with thresh it takes any'
ONE_OUTPUT = (
    'a head of out_channels=1 takes CrossEntropyLoss(use_sigmoid=True), DiceLoss or '
    'SigmoidFocalLoss, and one number as class_weight'
)


@HOOKS.register_module()
class FitHook(Hook):
    """Refuse data, losses and numbers of bands that do not fit the model.

    Before the run: classes and masks of the data sets. Before training: every loss of mmseg's
    decode heads is tried on a small image, since some fail on CPUs, or with other options than
    their authors'. Before the first step: bands of the images.

    Raises:
        ValueError: With one sentence that names what to change.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._seen = False

    def before_run(self, runner: Runner) -> None:
        """Check what the config says of the data sets."""
        splits = [s for s in SPLITS if isinstance(getattr(runner, f'_{s}_loop'), BaseLoop)]
        require_data(runner.cfg, splits)
        model = runner.cfg.get('model') or {}
        bands = len((model.get('data_preprocessor') or {}).get('mean') or ())
        # before a teacher for other bands is built
        _refuse(bands_fault(model, bands) if bands > 1 else None)

    def before_train(self, runner: Runner) -> None:
        """Try the losses."""
        for name, module in unwrapped(runner.model).named_modules():
            # others call their losses in ways of their own
            if getattr(type(module), 'loss_by_feat', None) is BaseDecodeHead.loss_by_feat:
                try_losses(module, f'model.{name}')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:  # noqa: ANN401
        """Look at the bands of the first image."""
        self._look(runner, data_batch)

    before_val_iter = before_train_iter
    before_test_iter = before_train_iter

    def _look(self, runner: Runner, batch: Any) -> None:  # noqa: ANN401
        images = batch.get('inputs') if isinstance(batch, dict) else None
        if self._seen or images is None or not len(images):
            return
        self._seen = True
        first = images[0]
        while not isinstance(first, torch.Tensor):  # the views of test-time augmentation
            first = first[0]
        _refuse(bands_fault(runner.cfg.get('model') or {}, len(first)))


def try_losses(head: BaseDecodeHead, name: str) -> None:
    """Let a head compute its losses on an image of every class and ignored pixels."""
    device = next((p.device for p in head.parameters()), torch.device('cpu'))
    values = torch.arange(SIDE * SIDE, device=device) % (head.num_classes + 1)
    values[values == head.num_classes] = head.ignore_index
    sample = SegDataSample()
    sample.set_data({'gt_sem_seg': PixelData(data=values.view(1, SIDE, SIDE))})
    # numbers of its own, so that training meets the same ones as without
    generator = torch.Generator().manual_seed(0)
    shape = (2, head.out_channels, SIDE, SIDE)
    logits = torch.randn(shape, generator=generator).to(device).requires_grad_()
    try:
        with torch.enable_grad():
            losses = head.loss_by_feat(logits, [sample, sample])
        total = sum(value.mean() for key, value in losses.items() if 'loss' in key)
        (slope,) = torch.autograd.grad(total, logits)
    except Exception as error:  # each loss fails in a way of its own
        first = str(error).splitlines()[0] if str(error) else ''
        raise ValueError(_sentence(head, name, f'{type(error).__name__}: {first}')) from error
    if not slope.any():
        raise ValueError(_sentence(head, name, 'that it teaches nothing: its gradient is 0'))


def _sentence(head: BaseDecodeHead, name: str, found: str) -> str:
    losses = head.loss_decode if isinstance(head.loss_decode, nn.ModuleList) else [head.loss_decode]
    types = [type(loss).__name__ for loss in losses]
    advice = [INSTEAD[one] for one in types if one in INSTEAD]
    if head.out_channels == 1:
        advice.append(ONE_OUTPUT)
    if head.sampler is not None and not advice:
        advice.append(OHEM)
    sampler = f' under {type(head.sampler).__name__}' if head.sampler is not None else ''
    return (
        f'{name}.loss_decode: expected losses that run here, got {", ".join(types)}{sampler}, '
        f'found {found}' + ''.join(f'; {one}' for one in advice)
    )


def _refuse(fault: str | None) -> None:
    if fault:
        raise ValueError(fault)
