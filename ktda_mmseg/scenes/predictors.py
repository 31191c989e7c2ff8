"""A predictor from whatever a model is stored as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ktda_mmseg.utils.precision import warn_if_bfloat16_is_slower

from .map.predictor import FlippedViews, Predictor
from .map.torch_predictor import Precision, TorchPredictor

ONNX, OPENVINO = '.onnx', '.xml'


def load_predictor(
    model: str | Path,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    amp: Precision | None = None,
    compile: bool = False,
    tta: bool = False,
) -> Predictor:
    """Load a model.

    Args:
        model (str | Path): Config that trained it, or an exported ``.onnx`` or OpenVINO ``.xml``.
        checkpoint (str | Path | None): Weights; with a config only. Default: None.
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
    model = Path(model)
    if model.suffix not in (ONNX, OPENVINO):
        if checkpoint is None:
            raise ValueError(f'{model}: expected a checkpoint with a config, got none')
        if amp:
            warn_if_bfloat16_is_slower(device)
        predictor: Predictor = TorchPredictor(model, Path(checkpoint), device, amp, compile)
    elif checkpoint or device or amp or compile:
        raise ValueError(
            f'{model}: expected an exported model alone, got a checkpoint, a device, amp or compile'
        )
    else:
        from .export.exported_predictor import OnnxPredictor, OpenvinoPredictor

        predictor = (OnnxPredictor if model.suffix == ONNX else OpenvinoPredictor)(model)
    return FlippedViews(predictor) if tta else predictor


def load_named(named: Sequence[Sequence[str]], device: str | None = None) -> dict[str, Predictor]:
    """Load models by names of their own.

    Args:
        named (Sequence[Sequence[str]]): For each its name, then config and checkpoint, or an
            exported file alone.
        device (str | None): Where those of a config run; None takes what the machine has.

    Returns:
        dict[str, Predictor]: Models by name, in the same order.

    Raises:
        FileNotFoundError: If a file is missing.
        ImportError: If what runs a model is not installed.
        ValueError: If a name stands twice or without files, or the files do not fit together.
    """
    models: dict[str, Predictor] = {}
    for name, *files in named:
        if name in models or len(files) not in (1, 2):
            raise ValueError(
                f'expected a name of its own and a config with a checkpoint, or an exported file, '
                f'for each model, got {name} {" ".join(files)}'
            )
        checkpoint = Path(files[1]) if len(files) == 2 else None
        models[name] = load_predictor(Path(files[0]), checkpoint, device)
    return models
