"""The formats that a model can be exported to: ONNX, and OpenVINO's, which is made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ktda_mmseg.utils.files import json_text

from .exported_card import ExportedCard
from .exported_predictor import (
    ExportedPredictor,
    OnnxPredictor,
    OpenvinoPredictor,
    import_for_export,
    openvino_core,
)
from .network import ExportedNetwork, recording

OPSETS = range(14, 21)  # the first with what attention needs, to the last of PyTorch's exporter
AXES = {0: 'batch', 2: 'height', 3: 'width'}
LEARNED = ('Conv', 'MatMul', 'Gemm')
OVERLAP = 25  # percent of a tile that Deepness takes; what maps of ours take


def write_onnx(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write an ONNX graph, for images of any size or for those of the example ``(N, C, h, w)``.

    It comes from PyTorch's exporter by tracing: that keeps any size, where the one by
    ``torch.export`` takes minutes to prove what it knows of them.
    """
    onnx = import_for_export('onnx')
    free = AXES if dynamic else {0: AXES[0]}
    sides = {1: 'height', 2: 'width'} if network.output == 'labels' else AXES
    given = {axis: name for axis, name in sides.items() if dynamic} | {0: AXES[0]}
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
        shape = network(example).shape
    model = onnx.load(str(path))
    # behind a resize tracing names lengths that do not change; Deepness counts classes by theirs
    for axis, side in enumerate(model.graph.output[0].type.tensor_type.shape.dim):
        if axis not in given:
            side.dim_value = shape[axis]
    onnx.save(model, str(path))
    onnx.checker.check_model(str(path))


def write_openvino(
    network: ExportedNetwork, example: Tensor, dynamic: bool, opset: int, path: Path
) -> None:
    """Write OpenVINO's ``.xml`` and ``.bin``; see :func:`write_onnx`."""
    openvino = import_for_export('openvino')
    graph = path.with_name('graph.onnx')
    write_onnx(network, example, dynamic, opset, graph)
    # weights stay in float32
    openvino.save_model(openvino.convert_model(str(graph)), path, compress_to_fp16=False)
    graph.unlink()


def quantise_onnx(source: Path, images: list[np.ndarray], path: Path) -> None:
    """Write an ONNX file in int8, calibrated on images: QDQ, static, a scale for each channel.

    Only layers with weights are quantised, not the products of attention and of pooling.
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


def _reader(base: type, name: str, images: list[np.ndarray]) -> Any:  # noqa: ANN401
    """Return what onnxruntime asks for one input after the other."""

    class Reader(base):
        left: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.left, None)
            return None if image is None else {name: image}

    return Reader()


def quantise_openvino(source: Path, images: list[np.ndarray], path: Path) -> None:
    """Write an OpenVINO file in int8 by NNCF, with a scale for each channel of the weights."""
    openvino, nncf = import_for_export('openvino'), import_for_export('nncf')
    model = nncf.quantize(
        openvino_core().read_model(str(source)), nncf.Dataset(images), subset_size=len(images)
    )
    openvino.save_model(model, path, compress_to_fp16=False)


def describe_for_deepness(path: Path, card: ExportedCard) -> None:
    """Add its metadata to an ONNX file; none if that gives what the plugin cannot use."""
    if card.output != 'probabilities':
        return
    onnx = import_for_export('onnx')
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, _deepness_metadata(card))
    onnx.save(model, str(path))


def _deepness_metadata(card: ExportedCard) -> dict[str, str]:
    """Return what QGIS's plugin Deepness reads to set itself up so that it makes our labels.

    Keys and rules are those of its ``processing/models/model_base.py``, version 0.6.5: values are
    JSON. It divides pixels by 255, whatever their type, subtracts a mean and divides by a
    deviation; then it takes the largest of the probabilities that reach a threshold.
    """
    mean, std = card.mean, card.std
    if card.preprocess:  # it takes stored values
        mean, std = (0.0,) * len(card.bands), (1.0,) * len(card.bands)
    height, width = card.size or card.window
    known: dict[str, object] = {
        'model_type': 'Segmentor',
        'class_names': {str(label): name for label, name in enumerate(card.classes)},
        'standardization_mean': [value / 255 for value in mean],
        'standardization_std': [value / 255 for value in std],
        'tiles_overlap': OVERLAP,
        # the most probable class is the label, however small its area
        'seg_thresh': 0,
        'seg_small_segment': 0,
    }
    if height == width:
        # its documentation has another name than its code
        known |= {'tile_size': width, 'tiles_size': width}
    if card.ground_size is not None:
        down, across = card.ground_size
        known['resolution'] = round(100 * sqrt(down * across), 3)  # centimetres
    return {key: json_text(value) for key, value in known.items()}


class Format(NamedTuple):
    """How a format is written, in float32 and in int8, run, and told about to other programs."""

    suffix: str
    write: Callable[[ExportedNetwork, Tensor, bool, int, Path], None]
    quantise: Callable[[Path, list[np.ndarray], Path], None]
    predictor: type[ExportedPredictor]
    describe: Callable[[Path, ExportedCard], None] | None = None


FORMATS = {
    'onnx': Format('.onnx', write_onnx, quantise_onnx, OnnxPredictor, describe_for_deepness),
    'openvino': Format('.xml', write_openvino, quantise_openvino, OpenvinoPredictor),
}
