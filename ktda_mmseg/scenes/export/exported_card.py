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

    Attributes:
        format (str): One of :data:`ktda_mmseg.scenes.export.formats.FORMATS`.
        opset (int): Version of ONNX's operators.
        precision (str): 'float32', or 'int8' for weights and activations of convolutions and
            linear layers.
        preprocess (bool): The file takes stored values, fills empty pixels and normalises.
            Otherwise it takes normalised values.
        output (str): 'logits' at the size that the decoder gives, 'probabilities' or 'labels' at
            that of the image.
        size (tuple[int, int] | None): Height and width that it takes, None for any.
        multiple (int): What height and width are a multiple of: 1. The batch is of any size.
        align_corners (bool): How logits are brought to the size of the image.
        threshold (float | None): Of a network with one output for two classes.
        max_difference (float): Largest difference to PyTorch's probabilities, on the images that
            it was compared on; 0 to 1.
        label_agreement (float): Part of their pixels with the same label, 0 to 1.
        miou (float | None): Of an int8 model: its mIoU on the given tiles, in percent.
        miou_float32 (float | None): What the model scored there before.
        smallest (int): Height and width, where they are free, from which on it was seen to agree.
    """

    format: str
    opset: int
    precision: str
    preprocess: bool
    output: Output
    size: tuple[int, int] | None
    multiple: int
    align_corners: bool
    threshold: float | None
    max_difference: float
    label_agreement: float
    miou: float | None = None
    miou_float32: float | None = None
    smallest: int = 1

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
