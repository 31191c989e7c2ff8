"""8-bit integers in place of 32-bit numbers, after training, calibrated on tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .packages import import_for_export

LEARNED = ('Conv', 'MatMul', 'Gemm')


def quantise_onnx(source: Path, images: list[np.ndarray], path: Path) -> None:
    """Quantise an ONNX file: QDQ format, static, a scale for each channel of the weights.

    Only layers with weights are quantised, not the products of attention and of pooling.

    Args:
        source (Path): The file in float32.
        images (list[np.ndarray]): What it takes, ``(1, C, h, w)`` each.
        path (Path): Where to write.

    Raises:
        ImportError: If onnxruntime is not installed.
    """
    quantization = import_for_export('onnxruntime.quantization')
    prepared = path.with_name('prepared.onnx')
    import_for_export('onnxruntime.quantization.shape_inference').quant_pre_process(
        str(source), str(prepared), skip_symbolic_shape=True
    )
    graph = import_for_export('onnx').load(str(prepared)).graph
    weights = {tensor.name for tensor in graph.initializer}
    products = [
        node.name
        for node in graph.node
        if node.op_type in LEARNED and not weights.intersection(node.input)
    ]
    quantization.quantize_static(
        str(prepared),
        str(path),
        _reader(quantization.CalibrationDataReader, graph.input[0].name, images),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        op_types_to_quantize=list(LEARNED),
        nodes_to_exclude=products,
    )
    prepared.unlink()


def quantise_openvino(source: Path, images: list[np.ndarray], path: Path) -> None:
    """Quantise an OpenVINO file by NNCF, with a scale for each channel of the weights.

    Args:
        source (Path): The file in float32.
        images (list[np.ndarray]): What it takes, ``(1, C, h, w)`` each.
        path (Path): Where to write.

    Raises:
        ImportError: If OpenVINO or NNCF is not installed.
    """
    openvino, nncf = import_for_export('openvino'), import_for_export('nncf')
    model = nncf.quantize(
        openvino.Core().read_model(str(source)), nncf.Dataset(images), subset_size=len(images)
    )
    openvino.save_model(model, path, compress_to_fp16=False)


def _reader(base: type, name: str, images: list[np.ndarray]) -> Any:  # noqa: ANN401
    """Return what onnxruntime asks for one input after the other."""

    class Reader(base):
        left: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.left, None)
            return None if image is None else {name: image}

    return Reader()


QUANTISERS = {'onnx': quantise_onnx, 'openvino': quantise_openvino}
