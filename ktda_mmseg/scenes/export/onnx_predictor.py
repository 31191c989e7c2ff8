"""Windows predicted by ONNX Runtime, without the code of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .exported_predictor import ExportedPredictor, Run
from .packages import import_for_export

PROVIDERS = ('CUDAExecutionProvider', 'CPUExecutionProvider')


class OnnxPredictor(ExportedPredictor):
    """A predictor of an ``.onnx`` file of tools/export.py; see :class:`ExportedPredictor`.

    It takes a GPU where onnxruntime was built for one.
    """

    format = 'onnx'

    @staticmethod
    def load(path: Path, threads: int) -> Run:
        """Load a file; see :class:`ExportedPredictor`."""
        runtime = import_for_export('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        available = runtime.get_available_providers()
        providers = [provider for provider in PROVIDERS if provider in available]
        session = runtime.InferenceSession(str(path), options, providers=providers)
        name = session.get_inputs()[0].name

        def run(images: np.ndarray) -> np.ndarray:
            return session.run(None, {name: images})[0]

        return run
