"""Recording what a network computes, for images of any size."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .formulations import AnySize
from .network import ExportedNetwork

# At every level of the pyramid the sizes are whole, which keeps what is proven of them short.
MULTIPLE = 32  # pixels
MOST = 256  # multiples, and images in a batch


@contextmanager
def recording() -> Iterator[None]:
    """Record the formulations that keep any size, without gradients and without advice."""
    with warnings.catch_warnings(), torch.no_grad(), AnySize():
        # of branches by size: they choose between equal results (FAM), or the comparison tells
        warnings.simplefilter('ignore')
        yield


def traced(network: ExportedNetwork, example: Tensor) -> torch.jit.ScriptModule:
    """Trace a network; batch, height and width stay free.

    Args:
        network (ExportedNetwork): In evaluation mode.
        example (Tensor): ``(N, C, h, w)``.

    Returns:
        torch.jit.ScriptModule: TorchScript.
    """
    with recording():
        return torch.jit.trace(network, example, check_trace=False)


def exported_program(
    network: ExportedNetwork, example: Tensor, dynamic: bool
) -> torch.export.ExportedProgram:
    """Export a network by ``torch.export``; the batch stays free.

    Args:
        network (ExportedNetwork): In evaluation mode.
        example (Tensor): ``(N, C, h, w)`` with N of at least 2.
        dynamic (bool): Leave height and width free too, in multiples of 32 pixels from 64.

    Returns:
        torch.export.ExportedProgram: The program.
    """
    sizes = {0: torch.export.Dim('batch', min=1, max=MOST)}
    if dynamic:
        height, width = (torch.export.Dim(side, min=2, max=MOST) for side in ('rows', 'columns'))
        sizes |= {2: MULTIPLE * height, 3: MULTIPLE * width}
    with recording():
        return torch.export.export(network, (example,), dynamic_shapes=(sizes,), strict=False)
