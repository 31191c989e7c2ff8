"""What is exported: the deployed model, with as much around it as was asked for."""

from __future__ import annotations

import torch
from mmseg.models import BaseSegmentor
from mmseg.models.utils import resize
from torch import Tensor, nn

from ktda_mmseg.raster.files import ANY, LARGEST
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.torch_predictor import class_probabilities

from .exported_card import Output


class ExportedNetwork(nn.Module):
    """From images to logits, probabilities or labels.

    Args:
        model (BaseSegmentor): A deployed model, with ``extract_feat`` and ``decode_head``.
        card (ModelCard): How it normalises, and what stands in for empty pixels.
        preprocess (bool): Take stored values; otherwise normalised ones.
        output (str): What to return.
    """

    mean: Tensor
    std: Tensor
    filling: Tensor

    def __init__(
        self, model: BaseSegmentor, card: ModelCard, preprocess: bool, output: Output
    ) -> None:
        super().__init__()
        self.model = model
        for name, values in (('mean', card.mean), ('std', card.std), ('filling', card.fill)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1), persistent=False)
        self.nodata = card.nodata
        self.preprocess = preprocess
        self.output = output

    def forward(self, images: Tensor) -> Tensor:
        """Run the model.

        Args:
            images (Tensor): ``(N, C, h, w)``, float32.

        Returns:
            Tensor: Logits ``(N, K, h', w')`` or probabilities ``(N, K, h, w)``, float32, or labels
            ``(N, h, w)``, uint8.
        """
        inputs = (self.filled(images) - self.mean) / self.std if self.preprocess else images
        head = self.model.decode_head
        logits = head(self.model.extract_feat(inputs))
        if self.output == 'logits':
            return logits
        logits = resize(
            logits, size=images.shape[2:], mode='bilinear', align_corners=self.model.align_corners
        )
        probabilities = class_probabilities(logits, head.threshold)
        return probabilities if self.output == 'probabilities' else most_probable(probabilities)

    def filled(self, images: Tensor) -> Tensor:
        """Fill what is no number, and all bands of pixels without data."""
        empty = ~(images.abs() <= LARGEST)  # NaN is no less
        if self.nodata == ANY:
            empty = empty.any(1, keepdim=True)
        elif self.nodata is not None:
            empty = empty | (empty | (images == self.nodata)).all(1, keepdim=True)
        return torch.where(empty, self.filling, images)


def most_probable(probabilities: Tensor) -> Tensor:
    """Return the labels ``(N, h, w)``, uint8, of probabilities ``(N, K, h, w)``."""
    return probabilities.argmax(1).to(torch.uint8)
