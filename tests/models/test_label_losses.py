"""Losses of labels against those of mmseg and PyTorch, and against their equations."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.models.losses import FocalLoss
from mmseg.registry import MODELS

from ktda_mmseg.models import CrossEntropyLoss, SigmoidFocalLoss, SoftCrossEntropyLoss


@pytest.fixture
def pixels():
    logits = torch.randn(2, 4, 5, 6, requires_grad=True)
    labels = torch.randint(4, (2, 5, 6))
    labels[torch.rand(labels.shape) < 0.3] = 255
    return logits, labels


@pytest.mark.parametrize('avg_non_ignore', [True, False])
def test_class_weights_go_with_ignored_pixels(pixels, avg_non_ignore):
    logits, labels = pixels
    options = dict(class_weight=[0.5, 1.0, 2.0, 4.0], loss_weight=2.0)
    loss = MODELS.build(dict(type='CrossEntropyLoss', avg_non_ignore=avg_non_ignore, **options))
    weights = torch.tensor(options['class_weight'])
    expected = 2 * F.cross_entropy(logits, labels, weights, ignore_index=255)
    found = loss(logits, labels, ignore_index=255)
    torch.testing.assert_close(found, expected)
    one_by_one = loss(logits, labels, reduction_override='none', ignore_index=255)
    torch.testing.assert_close(one_by_one.sum() / weights[labels[labels != 255]].sum(), expected)
    assert loss(logits, torch.full_like(labels, 255), ignore_index=255) == 0


def test_without_order_it_is_cross_entropy(pixels):
    logits, labels = pixels
    found = SoftCrossEntropyLoss(loss_weight=2)(logits, labels)
    expected = 2 * F.cross_entropy(logits, labels, ignore_index=255)
    torch.testing.assert_close(found, expected)
    mmsegs = CrossEntropyLoss(avg_non_ignore=True, loss_weight=2.0)(
        logits, labels, ignore_index=255
    )
    torch.testing.assert_close(found, mmsegs)


@pytest.mark.parametrize('spread', [0.0, 0.7])
def test_pixel_by_pixel(pixels, spread):
    logits, labels = pixels
    class_weight, weight = [0.5, 1, 2, 4], torch.rand(labels.shape)
    loss = SoftCrossEntropyLoss(spread, class_weight)(logits, labels, weight)
    total, count = 0, 0
    for (n, y, x), label in ((at, labels[at].item()) for at in ndindex(labels.shape)):
        if label == 255:
            continue
        distance = (torch.arange(4) - label).abs()
        target = (-distance / spread).softmax(0) if spread else (distance == 0).float()
        entropy = -(target * logits[n, :, y, x].log_softmax(0)).sum()
        total, count = total + class_weight[label] * weight[n, y, x] * entropy, count + 1
    torch.testing.assert_close(loss, total / count)
    loss.backward()
    assert (logits.grad.movedim(1, -1)[labels == 255] == 0).all()


def ndindex(shape):
    return [(n, y, x) for n in range(shape[0]) for y in range(shape[1]) for x in range(shape[2])]


def test_a_neighbour_is_a_smaller_error_than_a_class_far_off():
    labels = torch.zeros(1, 1, 1, dtype=torch.long)
    near, far = (torch.eye(5)[i].view(1, 5, 1, 1) * 5 for i in (1, 4))
    ordered, plain = SoftCrossEntropyLoss(0.5), SoftCrossEntropyLoss()
    assert ordered(near, labels) < ordered(far, labels)
    assert plain(near, labels) == plain(far, labels)


def test_nothing_labelled_is_no_error():
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = SoftCrossEntropyLoss()(logits, torch.full((1, 2, 2), 255))
    loss.backward()
    assert loss == 0 and (logits.grad == 0).all()


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match='spread of at least 0, got -1'):
        SoftCrossEntropyLoss(-1)
    with pytest.raises(ValueError, match='each of 3 classes, got 2'):
        SoftCrossEntropyLoss(class_weight=[1, 2])(torch.randn(1, 3, 1, 1), torch.zeros(1, 1, 1))


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
