"""The models that the page offers."""

from collections.abc import Sequence
from pathlib import Path

from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.predictors import load_predictor


def load_models(named: Sequence[Sequence[str]], device: str | None = None) -> dict[str, Predictor]:
    """Load models.

    Args:
        named (Sequence[Sequence[str]]): For each what the page calls it, then config and
            checkpoint, or an exported ``.onnx`` or OpenVINO ``.xml`` file alone.
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
