"""A predictor from whatever a model is stored as."""

from __future__ import annotations

from pathlib import Path

from .map.predictor import FlippedViews, Predictor
from .map.torch_predictor import Precision, TorchPredictor

ONNX, OPENVINO = '.onnx', '.xml'


def load_predictor(
    model: Path,
    checkpoint: Path | None = None,
    device: str | None = None,
    amp: Precision | None = None,
    compile: bool = False,
    tta: bool = False,
) -> Predictor:
    """Load a model.

    Args:
        model (Path): Config that trained it, or an exported ``.onnx`` or OpenVINO ``.xml`` file.
        checkpoint (Path | None): Weights; with a config only. Default: None.
        device (str | None): See :class:`~.torch_predictor.TorchPredictor`; this and the next two
            with a config only. Default: None.
        amp (str | None): Likewise. Default: None.
        compile (bool): Likewise. Default: False.
        tta (bool): Average predictions over mirror images. Default: False.

    Returns:
        Predictor: The model, ready to run.

    Raises:
        FileNotFoundError: If a file is missing.
        ImportError: If what runs the model is not installed.
        ValueError: If what is given does not fit together.
    """
    if model.suffix not in (ONNX, OPENVINO):
        if checkpoint is None:
            raise ValueError(f'{model}: expected a checkpoint with a config, got none')
        predictor: Predictor = TorchPredictor(model, checkpoint, device, amp, compile)
    elif checkpoint or device or amp or compile:
        raise ValueError(
            f'{model}: expected an exported model alone, got a checkpoint, a device, amp or compile'
        )
    elif model.suffix == ONNX:
        from .export.onnx_predictor import OnnxPredictor

        predictor = OnnxPredictor(model)
    else:
        from .export.openvino_predictor import OpenvinoPredictor

        predictor = OpenvinoPredictor(model)
    return FlippedViews(predictor) if tta else predictor
