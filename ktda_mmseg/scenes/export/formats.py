"""The formats that a model can be exported to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from ktda_mmseg.scenes.export.onnx_predictor import OnnxPredictor
from ktda_mmseg.scenes.export.openvino_predictor import OpenvinoPredictor

from .exported_predictor import ExportedPredictor
from .graph_formats import write_onnx, write_openvino
from .network import ExportedNetwork
from .torch_formats import (
    AOTInductorPredictor,
    TorchExportPredictor,
    TorchScriptPredictor,
    write_aotinductor,
    write_torch_export,
    write_torchscript,
)
from .tracing import MULTIPLE

# network, example (N, C, h, w), whether height and width stay free, version of ONNX, file to write
Write = Callable[[ExportedNetwork, Tensor, bool, int, Path], None]


class Format(NamedTuple):
    """A format.

    Attributes:
        suffix (str): What its files end in.
        write (Write): Writes one.
        predictor (type[ExportedPredictor]): Runs one.
        multiple (int): What free heights and widths are a multiple of, in pixels.
        has_opset (bool): Whether it is made of ONNX's operators.
    """

    suffix: str
    write: Write
    predictor: type[ExportedPredictor]
    multiple: int = 1
    has_opset: bool = False


FORMATS = {
    'onnx': Format('.onnx', write_onnx, OnnxPredictor, has_opset=True),
    'torchscript': Format('.torchscript.pt', write_torchscript, TorchScriptPredictor),
    'torch_export': Format('.export.pt2', write_torch_export, TorchExportPredictor, MULTIPLE),
    'aotinductor': Format('.aot.pt2', write_aotinductor, AOTInductorPredictor, MULTIPLE),
    'openvino': Format('.xml', write_openvino, OpenvinoPredictor, has_opset=True),
}
