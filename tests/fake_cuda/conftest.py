"""A GPU made of shapes: what it would refuse is refused, nothing is computed.

PyTorch's fake tensors know shape, type and device. One that lies on the CPU meets one on the GPU
and fails, as it would there. What a GPU alone can show stays open: values, kernels, memory, random
states and several ranks. Everything that is stood in for is in this file.
"""

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmengine.device import utils as devices
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

aten = torch.ops.aten
PRECISIONS = {None: None, 'bf16': torch.bfloat16, 'fp16': torch.float16}


class FakeCuda(FakeTensorMode):
    """Fake tensors whose values can be read: every number is ``number``, every choice takes all."""

    def __init__(self) -> None:
        # what was made before is on the CPU, and stays there unless it is moved
        super().__init__(allow_non_fake_inputs=True)
        self.number = 1

    def dispatch(self, func, types, args=(), kwargs=None):
        # losses in logs, the norm of gradients, whether fp16 overflowed, accuracies
        if func is aten._local_scalar_dense.default:
            return torch.tensor(self.number, dtype=args[0].dtype).item()
        # whether labels or maps agree
        if func is aten.equal.default:
            return True
        # pixels that a mask picks: losses and metrics go on with all
        if func is aten.nonzero.default:
            return args[0].new_empty((args[0].numel(), args[0].dim()), dtype=torch.long)
        if func is aten.masked_select.default:
            return args[0].new_empty(args[0].numel())
        return super().dispatch(func, types, args, kwargs)


def moved(module: nn.Module, convert: Callable, recurse: bool = True) -> nn.Module:
    """Stand in for ``Module._apply``, which swaps tensors, as fake and real ones cannot be."""

    def fake(value):
        if not isinstance(value, FakeTensor):
            # of the same layout: values are of no use, and a copy would take longer
            value = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
        return convert(value)

    with torch.no_grad():
        for part in module.modules():
            for name, value in part._parameters.items():
                if value is not None:
                    part._parameters[name] = nn.Parameter(fake(value), value.requires_grad)
            for name, value in part._buffers.items():
                if value is not None:
                    part._buffers[name] = fake(value)
    return module


def numbers(tensor: FakeTensor, **_) -> np.ndarray:
    """Stand in for ``Tensor.numpy``, which wants a tensor on the CPU here as anywhere."""
    if tensor.device.type != 'cpu':
        raise TypeError(f'cannot convert a tensor on {tensor.device} to numpy')
    if tensor.requires_grad:
        raise RuntimeError('cannot convert a tensor that requires grad to numpy')
    return np.zeros(tuple(tensor.shape), str(tensor.dtype).removeprefix('torch.'))


def gradients(total: torch.Tensor, leaves: torch.Tensor | None = None, **_) -> tuple | None:
    """Stand in for autograd's engine, which asks the driver; walk its graph as it does.

    As there, a gradient has to lie where the value does that it belongs to.
    """
    waiting, seen, stack = Counter(), set(), [total.grad_fn]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            following = [after for after, _ in node.next_functions if after]
            stack += following
            waiting.update(following)
    given = defaultdict(dict, {total.grad_fn: {0: torch.ones_like(total)}})
    found, ready = {}, [total.grad_fn]
    while ready:
        node = ready.pop()
        grads = given.pop(node, {})
        for index, place in enumerate(node._input_metadata):
            if index in grads:
                grads[index] = _fitted(grads[index], place, node)
        if hasattr(node, 'variable'):
            if grads:
                found[node.variable] = grads[0]
            continue
        with torch.no_grad():
            results = node(*map(grads.get, range(len(node._input_metadata)))) if grads else None
        results = results if isinstance(results, tuple) else (results,)
        results += (None,) * (len(node.next_functions) - len(results))
        for (after, index), grad in zip(node.next_functions, results):
            if after is None:
                continue
            if grad is not None:
                before = given[after].get(index)
                given[after][index] = grad if before is None else before + grad
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    if leaves is not None:
        return (found[leaves],)
    for leaf, grad in found.items():
        leaf.grad = grad if leaf.grad is None else leaf.grad + grad
    return None


def _fitted(grad, place, node):
    if grad.device != place.device:
        raise RuntimeError(f'{node.name()}: a gradient on {grad.device} of {place.device}')
    return grad.sum_to_size(tuple(place.shape)).to(place.dtype)


@pytest.fixture
def cuda(monkeypatch) -> FakeCuda:
    """A mode in which this machine seems to have a GPU."""
    monkeypatch.setattr(nn.Module, '_apply', moved)
    monkeypatch.setattr(FakeTensor, 'numpy', numbers)
    monkeypatch.setattr(FakeTensor, 'backward', gradients)
    monkeypatch.setattr(torch.autograd, 'grad', gradients)
    monkeypatch.setattr(devices, 'DEVICE', 'cuda')
    # else autocast and the scale of fp16 turn themselves off, as no driver answers
    monkeypatch.setattr(torch.cuda.amp.common, 'amp_definitely_not_available', lambda: False)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda *_: True)
    monkeypatch.setattr(torch.cuda, 'current_device', lambda: 0)
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: True)
    return FakeCuda()


def batch(model: nn.Module, size: tuple[int, int], count: int = 2) -> dict:
    """Return images and labels as a data loader gives them, on the CPU."""
    bands = len(model.data_preprocessor.mean)
    images = [torch.zeros(bands, *size, dtype=torch.uint8) for _ in range(count)]
    info = dict(img_shape=size, ori_shape=size, pad_shape=size, flip=False, img_path='')
    labels = PixelData(data=torch.zeros(1, *size, dtype=torch.long))
    samples = [SegDataSample(gt_sem_seg=labels.clone(), metainfo=info) for _ in range(count)]
    return dict(inputs=images, data_samples=samples)


def learn(
    model: nn.Module, data: dict, precision: str | None = None, **layout
) -> dict[str, torch.Tensor]:
    """Compute losses and gradients on the GPU, in the order of a run; return the losses."""
    # the runner moves the model first, and the teacher is built when its weights are initialised
    model.to('cuda', **layout).train()
    _ = getattr(model, 'teacher', None)
    data = model.data_preprocessor(data, training=True)
    assert data['inputs'].device.type == 'cuda'
    with torch.autocast('cuda', PRECISIONS[precision], enabled=precision is not None):
        losses = model.loss(**data)
    total, logged = model.parse_losses(losses)
    assert total.device.type == 'cuda' and len(logged) > 1
    total.backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert grads and {grad.device.type for grad in grads} == {'cuda'}
    return losses
