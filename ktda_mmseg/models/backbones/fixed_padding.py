"""Padding that was settled for one size of image when a network was made."""

import math

from torch import Tensor, nn
from torch.nn import functional as F


class PaddedConv2d(nn.Conv2d):
    """A square convolution with its own padding, of which the odd pixel lies right and bottom."""

    def __init__(self, conv: nn.Conv2d, padding: int) -> None:
        super().__init__(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            dilation=conv.dilation,  # type: ignore[arg-type]
            groups=conv.groups,
            bias=conv.bias is not None,
        )
        self.load_state_dict(conv.state_dict())
        before = padding // 2
        self.margins = (before, padding - before) * 2

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve; see ``nn.Conv2d``."""
        return super().forward(F.pad(x, self.margins))


def fix_padding(model: nn.Module, size: int) -> None:
    """Pad every image as one of a given size, as efficientnet_pytorch does, and U-Nets upon it.

    TensorFlow's 'same' padding of a strided convolution, which timm keeps, depends on the size of
    its input. Networks that learned with fixed padding see another grid if it follows the image.
    """
    from timm.layers import Conv2dSame, get_same_padding

    convolutions = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, Conv2dSame)
    ]
    if not convolutions:
        raise ValueError(
            "padding_size: expected a model with 'same' padding, such as tf_efficientnet_b4, got "
            f'{type(model).__name__} without'
        )
    for parent, name, conv in convolutions:
        kernel, stride, dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
        padding = get_same_padding(size, kernel, stride, dilation)
        setattr(parent, name, PaddedConv2d(conv, padding))
        size = math.ceil(size / stride)
