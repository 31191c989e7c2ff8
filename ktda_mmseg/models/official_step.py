"""The official training step as its code computes it: what speed is measured against."""

import torch.nn as nn
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList, add_prefix
from torch import Tensor

from .fam import FAM
from .segmentor import KTDASegmentor


@MODELS.register_module()
class OfficialFAM(FAM):
    """``FAM`` that always convolves before it resizes, as ``fam.py`` of the official code does."""

    def align(self, convert: nn.Conv2d, level: Tensor, grid: tuple[int, ...]) -> Tensor:
        """Bring one level to the teacher's width, then to its grid."""
        return resize(convert(level), size=grid, mode='bilinear', align_corners=False)


@MODELS.register_module()
class OfficialStepSegmentor(KTDASegmentor):
    """``KTDASegmentor`` that passes every image through the student twice, for benchmarks only.

    The losses are those of :class:`KTDASegmentor` where nothing in the student is random. Source:
    ``calculate_diltill_loss`` in ``distill_encoder_decoder.py`` of the official code. Its
    teacher runs inside autograd, which records nothing either, since all its weights are frozen.
    """

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute all losses; see ``KTDASegmentor``."""
        losses = self._decode_head_forward_train(self.extract_feat(inputs), data_samples)
        if self.teacher is not None:
            transfer = self.transfer(self.extract_feat(inputs), self.teacher(inputs))
            losses.update(add_prefix(transfer, 'transfer'))
        return losses
