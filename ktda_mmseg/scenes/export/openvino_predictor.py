"""Windows predicted by OpenVINO, without the code of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .exported_predictor import ExportedPredictor, Run
from .packages import import_for_export


class OpenvinoPredictor(ExportedPredictor):
    """A predictor of an ``.xml`` file of tools/export.py; see :class:`ExportedPredictor`.

    The weights lie beside it, in the ``.bin`` file of the same stem. It runs on the CPU.
    """

    format = 'openvino'

    @classmethod
    def files(cls, path: Path) -> tuple[Path, ...]:
        """Return the files of a model; see :class:`ExportedPredictor`."""
        return path.with_suffix('.bin'), path

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; see :class:`ExportedPredictor`."""
        openvino = import_for_export('openvino')
        # half precision, its default where a CPU computes in it, is not what was checked
        settings = {'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'f32'}
        model = openvino.Core().compile_model(str(path), 'CPU', settings)

        def run(images: np.ndarray) -> np.ndarray:
            return model(images)[0]

        return run
