"""Losses between tokens against their equations, written out for one image and one token."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from ktda_mmseg.models import FeatureQueryLoss, FeatureRelationLoss


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
