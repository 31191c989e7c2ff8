"""A teacher that runs on the CPU takes images from the GPU and gives its maps back to it.

In a module of its own, which is left out where onnx is absent.
"""

from types import SimpleNamespace

import numpy as np
from mmseg.registry import MODELS

from ..models.backbones.test_onnx_backbone import file, network  # noqa: F401
from .conftest import batch, learn
from .test_paths import SIZE, aligned


def test_a_network_in_an_onnx_file_teaches(file, cuda, tiny_model):  # noqa: F811
    tiny_model.teacher = aligned(
        dict(type='OnnxBackbone', checkpoint=str(file), outputs=['first'], input_mean=[0.0] * 3,
             input_std=[1.0] * 3), 4, 1, patch_size=2,
    )  # fmt: skip
    model = MODELS.build(tiny_model)

    def run(outputs, inputs):
        (image,) = inputs.values()
        assert isinstance(image, np.ndarray)
        return [np.zeros((len(image), 4, 32, 32), np.float32)]

    with cuda:
        model.to('cuda')
        # the file itself is of fake bytes
        source = SimpleNamespace(name='x', shape=['n', 3, 'h', 'w'])
        model.teacher.backbone.session = SimpleNamespace(run=run, get_inputs=lambda: [source])
        assert 'transfer.loss_l2' in learn(model, batch(model, SIZE), 'bf16')
