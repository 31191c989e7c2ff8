"""The memory a training step needs, counted on tensors without content: no GPU, some seconds."""

import json
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from ktda_mmseg.utils.files import write_json
from ktda_mmseg.utils.tables import markdown_table

from .steps import ALONE, Variant, batch_shape, build_model, random_batch

COUNTED = {'bf16', ALONE}  # the flags whose memory can be told without running
HEADER = ('config', 'images', 'weights', 'between steps', 'at the peak')


@dataclass
class StepMemory:
    """Bytes that a training step holds."""

    label: str
    size: tuple[int, int]  # height and width of the images in pixels
    images: int  # a step
    weights: int  # and buffers, the teacher's too
    between: int  # between steps: the optimizer's states as well
    peak: int  # at the peak of a step: activations and gradients as well


class HeldMemory(TorchDispatchMode):
    """Counts the bytes of tensors that are alive, ``now`` and at the ``peak``."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known = WeakIdKeyDictionary()

    def add(self, tensors: object) -> None:
        """Count the tensors in a tree that were not counted before."""
        for tensor in tree_leaves(tensors):
            if not isinstance(tensor, Tensor):
                continue
            storage = tensor.untyped_storage()
            size = storage.nbytes()
            # tensors whose size depends on data are the accuracies that are logged, a few bytes
            if storage not in self._known and isinstance(size, int):
                self._known[storage] = size
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._release, size)

    def _release(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        result = func(*args, **(kwargs or {}))
        self.add(result)
        return result


def count_memory(
    variant: Variant, batch_size: int | None = None, size: Sequence[int] | None = None
) -> StepMemory:
    """Follow two training steps of a config on tensors that have shapes but no content.

    Operations are those of the machine's device. A GPU takes more than this: its libraries, and
    what PyTorch's allocator cannot use of the blocks it holds.

    Args:
        variant (Variant): The config, with no flags but ``+bf16`` and ``+alone``.
        batch_size (int | None): Images a step; None takes the config's.
        size (Sequence[int] | None): Height and width in pixels; None takes the config's.

    Returns:
        StepMemory: Its memory.

    Raises:
        ValueError: If another flag is given, or a batch or a size of less than 1.
    """
    if other := set(variant.flags) - COUNTED:
        raise ValueError(
            f'{variant.label}: expected no flags but {sorted(COUNTED)}, got {sorted(other)}'
        )
    config = variant.load()
    images, size = batch_shape(config, batch_size, size)
    config.model.data_preprocessor.size = size
    config.optim_wrapper.pop('clip_grad', None)  # it reads the norm, and works in place
    # building draws numbers and reads them, which tensors without content cannot
    model = build_model(config)
    model.train()
    fake = FakeTensorMode(
        shape_env=ShapeEnv(allow_scalar_outputs=True, allow_dynamic_output_shape_ops=True),
        allow_non_fake_inputs=True,  # constants beside the weights, such as means
    )
    modules = [model, model.teacher.backbone] if getattr(model, 'teacher', None) else [model]
    for module in modules:
        _empty(module, fake)
    with fake, HeldMemory() as held:
        held.add([[*module.parameters(), *module.buffers()] for module in modules])
        weights = held.now
        wrapper = build_optim_wrapper(model, config.optim_wrapper)
        batch = random_batch(config, images, size)
        # the first step makes the optimizer's states, which the second finds there
        for _ in range(2):
            model.train_step(batch, wrapper)
        return StepMemory(variant.label, size, images, weights, held.now, held.peak)


def _empty(module: nn.Module, fake: FakeTensorMode) -> None:
    """Replace weights and buffers by tensors without content."""
    for part in module.modules():
        for name, weight in [*part.named_parameters(recurse=False)]:
            content = fake.from_tensor(weight.detach(), static_shapes=True)
            setattr(part, name, nn.Parameter(content, weight.requires_grad))
        for name, buffer in [*part.named_buffers(recurse=False)]:
            setattr(part, name, fake.from_tensor(buffer, static_shapes=True))


def format_memory(found: Sequence[StepMemory]) -> list[tuple[str, ...]]:
    """Return a header and a row a config, in GiB."""
    return [HEADER] + [
        (
            step.label,
            f'{step.images} of {step.size[1]}x{step.size[0]}',
            *(f'{count / 2**30:.2f} GiB' for count in (step.weights, step.between, step.peak)),
        )
        for step in found
    ]


def write_memory(found: Sequence[StepMemory], path: Path) -> None:
    """Write what was counted, and with which PyTorch, as JSON."""
    content = dict(torch=torch.__version__, footprints=[asdict(step) for step in found])
    write_json(path, content, indent=1)


def memory_section(path: Path) -> str:
    """Return what :func:`write_memory` wrote as a section of Markdown."""
    content = json.loads(path.read_text())
    return '\n'.join(
        [
            '\n## Memory of a training step, counted\n',
            'Tensors of a step as `memory.py` counts them without running it, '
            f'torch {content["torch"]}. A GPU takes more: its libraries, and what the allocator '
            f'cannot use. Counts: `{path.parent.name}/{path.name}`.\n',
            markdown_table(format_memory([StepMemory(**step) for step in content['footprints']])),
        ]
    )
