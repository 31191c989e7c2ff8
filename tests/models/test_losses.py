"""Transfer losses against formulas written out with NumPy and SciPy, or token by token."""

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from torch.nn.functional import cosine_similarity

from ktda_mmseg.models import FeatureKLDivLoss, FeatureL2Loss, FeatureQueryLoss, FeatureRelationLoss


def pair(shape=(2, 3, 4, 5)):
    return torch.randn(shape, requires_grad=True), torch.randn(shape)


@pytest.mark.parametrize('temperature', [0.5, 1.0, 4.0])
@pytest.mark.parametrize(
    ('axis', 'scipy_axis', 'divisor'), [('width', 3, 2), ('channel', 1, 40), ('spatial', (2, 3), 6)]
)
def test_kl_equals_scipy(axis, scipy_axis, divisor, temperature):
    student, teacher = pair()
    loss = FeatureKLDivLoss(axis=axis, temperature=temperature, loss_weight=0.25)(student, teacher)
    s, t = (
        softmax(x.detach().double().numpy() / temperature, scipy_axis) for x in (student, teacher)
    )
    expected = 0.25 * temperature**2 * rel_entr(t, s).sum() / divisor
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-5)


def test_kl_is_zero_and_flat_where_features_agree():
    student, _ = pair()
    loss = FeatureKLDivLoss()(student, student.detach())
    loss.backward()
    assert abs(loss.item()) < 1e-6
    assert student.grad.abs().max() < 1e-6


def test_kl_survives_differences_that_underflow_a_softmax():
    student = torch.tensor([0.0, 500.0]).view(1, 1, 1, 2).requires_grad_()
    loss = FeatureKLDivLoss()(student, torch.tensor([500.0, 0.0]).view(1, 1, 1, 2))
    loss.backward()
    assert loss.item() == pytest.approx(500)
    assert torch.isfinite(student.grad).all()


def test_losses_are_fp32_in_half_precision():
    student, teacher = (x.detach().bfloat16() for x in pair())
    for criterion in (FeatureKLDivLoss(), FeatureL2Loss()):
        loss = criterion(student, teacher)
        assert loss.dtype == torch.float32
        assert loss == criterion(student.float(), teacher.float())


def test_l2_equals_numpy():
    student, teacher = pair()
    expected = 3 * np.square(student.detach().numpy() - teacher.numpy()).mean()
    np.testing.assert_allclose(FeatureL2Loss(3)(student, teacher).item(), expected, rtol=1e-6)


@pytest.mark.parametrize('bad', [dict(axis='height'), dict(temperature=0)])
def test_bad_options_are_named(bad):
    with pytest.raises(ValueError, match=str(next(iter(bad.values())))):
        FeatureKLDivLoss(**bad)


def test_relations_token_by_token():
    student, teacher = torch.randn(2, 6, 3, 2), torch.randn(2, 9, 3, 2)
    expected = 0
    for s, t in zip(student.flatten(2).mT, teacher.flatten(2).mT):
        for i in range(6):
            wanted = (cosine_similarity(t[i], t) / 0.2).softmax(0)
            found = (cosine_similarity(s[i], s) / 0.2).softmax(0)
            expected = expected + (wanted * (wanted / found).log()).sum() / 12
    loss = FeatureRelationLoss(temperature=0.2, loss_weight=3)
    torch.testing.assert_close(loss(student, teacher), 3 * expected)


def test_relations_ignore_turns_and_lengths():
    teacher = torch.randn(1, 8, 4, 4)
    turn = torch.linalg.qr(torch.randn(8, 8))[0]
    student = torch.einsum('dc,nchw->ndhw', turn, teacher) * torch.rand(1, 1, 4, 4).add(0.5)
    assert FeatureRelationLoss()(student, teacher).item() == pytest.approx(0, abs=1e-5)


def test_relations_want_a_temperature_above_0():
    with pytest.raises(ValueError, match='above 0, got 0'):
        FeatureRelationLoss(temperature=0)


def test_queries_token_by_token():
    loss = FeatureQueryLoss(6, loss_weight=2)
    student, teacher = torch.randn(2, 6, 2, 2), torch.randn(2, 6, 2, 2)
    total = 0
    for s, t in zip(student.flatten(2).mT, teacher.flatten(2).mT):
        own = loss.norm(s)
        values = loss.value(own)
        for i in range(4):
            weights = (t @ loss.query(own[i]) / 6**0.5).softmax(0)
            total = total + (weights @ values - t[i]).square().sum() / student.numel()
    torch.testing.assert_close(loss(student, teacher), 2 * total)


def test_queries_name_another_width():
    with pytest.raises(ValueError, match='levels of 6 channels, got 5'):
        FeatureQueryLoss(6)(torch.randn(1, 5, 2, 2), torch.randn(1, 5, 2, 2))
