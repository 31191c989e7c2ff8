"""ONNX, and OpenVINO's format, which is made from it."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import torch
from torch import Tensor

from .network import ExportedNetwork
from .packages import import_for_export
from .tracing import recording

OPSETS = range(14, 21)  # the first with what attention needs, to the last of PyTorch's exporter
DEFAULT_OPSET = 17  # the first with layer norm as one operator
AXES = {0: 'batch', 2: 'height', 3: 'width'}


def write_onnx(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write an ONNX graph; see :data:`ktda_mmseg.scenes.export.formats.Write`.

    It comes from PyTorch's exporter by tracing: that keeps any size, where the one by
    ``torch.export`` takes minutes to prove what it knows of them.
    """
    onnx = import_for_export('onnx')
    free = AXES if dynamic else {0: AXES[0]}
    side = {1: 'height', 2: 'width'} if network.output == 'labels' else AXES
    given = {axis: name for axis, name in side.items() if dynamic} | {0: AXES[0]}
    # it prints the whole graph where it fails
    with recording(), redirect_stdout(StringIO()):
        torch.onnx.export(
            network,
            (example,),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=['images'],
            output_names=[network.output],
            dynamic_axes={'images': free, network.output: given},
        )
    onnx.checker.check_model(str(path))


def write_openvino(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write OpenVINO's ``.xml`` and ``.bin``; see `ktda_mmseg.scenes.export.formats.Write`."""
    openvino = import_for_export('openvino')
    graph = path.with_name('graph.onnx')
    write_onnx(network, example, dynamic, opset, graph)
    # weights stay in float32
    openvino.save_model(openvino.convert_model(str(graph)), path, compress_to_fp16=False)
    graph.unlink()
