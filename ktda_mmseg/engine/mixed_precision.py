"""bfloat16 training on any device; mmengine's mixed precision needs a GPU and a loss scale."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn

from ktda_mmseg.utils.precision import warn_if_bfloat16_is_slower

PRECISIONS = ('bf16', 'fp16')


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run the forward pass under bfloat16 autocast; weights, gradients and states stay in fp32.

    bfloat16 has the range of fp32, so no loss is scaled. The transfer losses compute in fp32 all
    the same, and on a CPU depthwise convolutions, whose backward pass is several times as slow in
    bfloat16 there. Where the CPU has no instructions for bfloat16 a warning says so.
    """

    _prepared: nn.Module | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        warn_if_bfloat16_is_slower()

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast besides what gradient accumulation needs."""
        device = get_device()
        if device == 'cpu' and self._prepared is not model:
            keep_depthwise_in_float32(model)
            self._prepared = model
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield


def keep_depthwise_in_float32(model: nn.Module) -> None:
    """Take a model's depthwise convolutions out of autocast, unless that was done before."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and 1 < module.groups == module.in_channels:
            module.__class__ = without_autocast(type(module))


def without_autocast(kind: type[nn.Conv2d]) -> type[nn.Conv2d]:
    """Return a class of convolution that leaves autocast."""
    if issubclass(kind, WithoutAutocast):
        return kind
    return type(f'Float32{kind.__name__}', (WithoutAutocast, kind), {})


class WithoutAutocast(nn.Module):
    """Computes in float32, wherever it is called."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(N, C, H, W)`` as the class behind it in float32."""
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def use_mixed_precision(config: Config, precision: str) -> None:
    """Let a run train in mixed precision.

    Args:
        config (Config): Config of the run, changed in place.
        precision (str): 'bf16', or 'fp16' with a dynamic loss scale.

    Raises:
        ValueError: For fp16 on a machine without a GPU, and with an optimizer wrapper that brings
            its own precision.
    """
    wrapper = config.optim_wrapper
    if wrapper.get('type', 'OptimWrapper') != 'OptimWrapper':
        raise ValueError(
            f'mixed precision expects optim_wrapper.type OptimWrapper, got {wrapper.type}'
        )
    if precision == 'bf16':
        wrapper.type = 'BFloat16OptimWrapper'
        return
    if get_device() == 'cpu':
        raise ValueError('fp16 expects a GPU, got a machine with only a CPU; bf16 runs on both')
    wrapper.update(type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic')
