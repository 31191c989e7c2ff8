"""The card of an exported model: what its file holds, and how well it agrees with PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ktda_mmseg.scenes.map.card import ModelCard

Output = Literal['logits', 'probabilities', 'labels']


@dataclass(frozen=True)
class ExportedCard(ModelCard):
    """A model's card, and what is inside the file that it lies beside.

    A file takes batches of any size. 'int8' is said of the weights and activations of convolutions
    and linear layers. Differences are to PyTorch, on the images that a file was compared on.
    """

    format: str  # one of :data:`ktda_mmseg.scenes.export.formats.FORMATS`
    opset: int  # version of ONNX's operators
    precision: str  # 'float32' or 'int8'
    preprocess: bool  # it takes stored values, fills empty pixels and normalises
    # logits at the decoder's size, not yet divided by the temperature; others at that of the image
    output: Output
    size: tuple[int, int] | None  # height and width that it takes, None for any
    multiple: int  # what height and width are a multiple of: 1
    align_corners: bool  # how logits are brought to the size of the image
    threshold: float | None  # of a network with one output for two classes
    max_difference: float  # the largest of a probability, 0 to 1
    label_agreement: float  # part of the pixels with the same label, 0 to 1
    miou: float | None = None  # of an int8 model on the given tiles, in percent
    miou_float32: float | None = None  # what the model scored there before
    smallest: int = 1  # height and width, where they are free, from which on it agrees

    def check_images(self, shape: tuple[int, ...], path: Path) -> None:
        """Raise ValueError if the file takes no images ``(N, C, h, w)`` of such a shape."""
        if len(shape) != 4 or shape[1] != len(self.bands):
            raise ValueError(
                f'{path}: expected images (N, {len(self.bands)}, h, w) of the bands {self.bands}, '
                f'got {shape}'
            )
        height, width = shape[2:]
        if self.size is not None and (height, width) != self.size:
            raise ValueError(
                f'{path}: expected windows of {self.size[0]}x{self.size[1]} pixels, the only size '
                f'it was exported for, got {height}x{width}'
            )
        if min(height, width) < self.smallest:
            raise ValueError(
                f'{path}: expected windows of at least {self.smallest}x{self.smallest} pixels, the '
                f'least that the network takes, got {height}x{width}'
            )


def card_path(model: Path) -> Path:
    """Return where the card of a model lies: beside it, with ``.json`` after its name."""
    return model.with_name(f'{model.name}.json')
