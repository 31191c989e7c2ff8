"""Floating-point operations of a step, and of a forward pass by part of the model."""

from collections.abc import Callable
from typing import Any

import torch
from mmseg.models.segmentors.base import BaseSegmentor
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from ktda_mmseg.models.teacher_maps import attached_levels

# names of modules, and what their part is called
PARTS = {
    'backbone': 'student',
    'neck': 'alignment',
    'decode_head.pyramid': 'pyramid',
    'decode_head.modulation': 'modulation',
}


def _convolution_backward(
    gradient: list[int],
    image: list[int],
    weight: list[int],
    *arguments: Any,  # noqa: ANN401
    **_: Any,  # noqa: ANN401
) -> int:
    """Count a convolution's backward pass; PyTorch counts grouped weights' gradients as dense."""
    transposed, mask = arguments[4], arguments[7]
    forward = conv_flop_count(image, weight, gradient, transposed=transposed)
    return forward * (mask[0] + mask[1])


FORMULAS = {torch.ops.aten.convolution_backward: _convolution_backward}


def count_step(step: Callable[[], object]) -> int:
    """Run a step once and count what its matrix products, convolutions and attention compute.

    A multiplication and an addition are two operations. Element-wise work, such as norms, losses
    and the optimizer, is not counted.
    """
    with FlopCounterMode(display=False, custom_mapping=FORMULAS) as counter:
        step()
    return counter.get_total_flops()


@torch.no_grad()
def count_forward(model: BaseSegmentor, batch: dict[str, Any]) -> dict[str, int]:
    """Count the operations of a forward pass by part: those of ``PARTS``, teacher and decoder.

    Auxiliary decoders are not part of it, nor is a teacher whose maps the batch brings. The
    backward pass, about twice as much for what trains, is not divided: the counter's attribution
    to modules is right in forward passes only.
    """
    data = model.data_preprocessor(batch)
    with FlopCounterMode(display=False) as counter:
        # not 'tensor', which heads such as Mask2Former's do not know
        model(**data, mode='predict')
    counts, root = counter.get_flop_counts(), type(model).__name__
    modules = {part: counts.get(f'{root}.{name}') for name, part in PARTS.items()}
    parts = {part: sum(ops.values()) for part, ops in modules.items() if ops}
    parts['decoder'] = counter.get_total_flops() - sum(parts.values())
    teacher = getattr(model, 'teacher', None)
    if teacher is not None and attached_levels(data['data_samples'], teacher) is None:
        with FlopCounterMode(display=False) as counter:
            teacher(data['inputs'])
        parts['teacher'] = counter.get_total_flops()
    return parts
