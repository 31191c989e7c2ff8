"""The focal loss against that of mmseg, which on a CPU takes labels as probabilities alone."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.models.losses import FocalLoss

from ktda_mmseg.models import SigmoidFocalLoss


@pytest.mark.parametrize('weighted', [True, False])
@pytest.mark.parametrize('options', [{}, dict(gamma=0.5, alpha=0.25, loss_weight=3.0)])
def test_it_equals_mmsegs(options, weighted):
    logits = torch.randn(2, 5, 6, 7, requires_grad=True)
    labels = torch.randint(5, (2, 6, 7))
    ignored = torch.rand(labels.shape) < 0.3
    weight = torch.rand(labels.shape) if weighted else None
    loss = SigmoidFocalLoss(**options)(logits, labels.masked_fill(ignored, 9), weight, 9)
    (gradient,) = torch.autograd.grad(loss, logits)

    pixels = ~ignored * (1 if weight is None else weight)
    classes = F.one_hot(labels, 5).permute(0, 3, 1, 2)
    expected = FocalLoss(**options)(logits, classes, pixels.flatten().float())
    assert torch.allclose(loss, expected)
    assert torch.allclose(gradient, *torch.autograd.grad(expected, logits))
    assert (gradient.movedim(1, -1)[ignored] == 0).all()


def test_it_is_fp32_in_half_precision():
    logits, labels = torch.randn(1, 3, 4, 4).bfloat16(), torch.zeros(1, 4, 4, dtype=torch.long)
    loss = SigmoidFocalLoss()(logits, labels)
    assert loss.dtype == torch.float32 and loss == SigmoidFocalLoss()(logits.float(), labels)


def test_one_output_is_the_second_of_two_classes():
    """Against the definition (Lin et al., 2017, equation 5), ignored pixels left out."""
    logits, labels = torch.randn(2, 1, 6, 7), torch.randint(2, (2, 6, 7))
    labels[:, 0] = 255
    loss = SigmoidFocalLoss(gamma=1.5, alpha=0.3)(logits, labels)
    positive = logits[:, 0].sigmoid()
    right = torch.where(labels == 1, positive, 1 - positive)
    share = torch.where(labels == 1, 0.3, 0.7)
    expected = -share * (1 - right) ** 1.5 * right.log() * (labels != 255)
    torch.testing.assert_close(loss, expected.mean())
    assert SigmoidFocalLoss()(logits, torch.full_like(labels, 255)) == 0
