"""Hooks that make steps quicker: compiled parts, and another layout of feature maps."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import nn
from torch.optim import Optimizer

from ktda_mmseg.utils.compiling import compile_parts

from .unwrapping import unwrapped


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile the model's parts before training; checkpoints keep their keys."""

    def before_train(self, runner: Runner) -> None:
        """Compile; see :func:`compile_parts`."""
        compile_parts(unwrapped(runner.model))


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Train in PyTorch's ``channels_last`` memory format.

    Networks of depthwise convolutions gain on CPUs; `docs/performance.md` has figures.
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the model and, in a resumed run, what the optimizer remembers."""
        use_channels_last(unwrapped(runner.model), runner.optim_wrapper.optimizer)


def use_channels_last(model: nn.Module, optimizer: Optimizer) -> None:
    """Lay out weights and the optimizer's averages of them alike; no value changes."""
    model.to(memory_format=torch.channels_last)
    for averages in optimizer.state.values():
        for name, value in averages.items():
            if isinstance(value, torch.Tensor) and value.dim() == 4:
                averages[name] = value.to(memory_format=torch.channels_last)
