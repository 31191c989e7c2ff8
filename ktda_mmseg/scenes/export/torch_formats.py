"""The formats that PyTorch itself runs, without the code of the model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .exported_predictor import ExportedPredictor, Run
from .network import ExportedNetwork
from .tracing import exported_program, traced


class TorchScriptPredictor(ExportedPredictor):
    """A predictor of a TorchScript file."""

    format = 'torchscript'

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; PyTorch's own number of threads applies."""
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', FutureWarning)  # torch.export is to follow it
            return _on_arrays(torch.jit.load(str(path), map_location='cpu'))


class TorchExportPredictor(ExportedPredictor):
    """A predictor of a program of ``torch.export``."""

    format = 'torch_export'

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; PyTorch's own number of threads applies."""
        return _on_arrays(torch.export.load(path).module())


class AOTInductorPredictor(ExportedPredictor):
    """A predictor of a library that AOTInductor compiled for this kind of machine."""

    format = 'aotinductor'

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; PyTorch's own number of threads applies."""
        return _on_arrays(torch._inductor.aoti_load_package(str(path)))


def write_torchscript(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write a traced model; see :data:`ktda_mmseg.scenes.export.formats.Write`."""
    traced(network, example).save(str(path))


def write_torch_export(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write a program; see :data:`ktda_mmseg.scenes.export.formats.Write`."""
    torch.export.save(exported_program(network, example, dynamic), path)


def write_aotinductor(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Compile a program; see :data:`ktda_mmseg.scenes.export.formats.Write`."""
    program = exported_program(network, example, dynamic)
    torch._inductor.aoti_compile_and_package(program, package_path=str(path))


def _on_arrays(model: Callable[[Tensor], Tensor]) -> Run:
    @torch.no_grad()
    def run(images: np.ndarray) -> np.ndarray:
        return model(torch.from_numpy(images)).numpy()

    return run
