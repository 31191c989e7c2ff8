"""The step that speed is measured against computes the same, with twice the student."""

import pytest
import torch
from mmseg.registry import MODELS


def test_the_official_step_differs_in_student_passes_only(tiny_model, make_samples):
    official = dict(tiny_model, type='OfficialStepSegmentor')
    official['neck'] = dict(tiny_model.neck, type='OfficialFAM')
    ours, theirs = MODELS.build(tiny_model), MODELS.build(official)
    theirs.load_state_dict(ours.state_dict())
    theirs.teacher.backbone.load_state_dict(ours.teacher.backbone.state_dict())
    passes = []
    theirs.backbone.register_forward_hook(lambda *_: passes.append(1))

    inputs = torch.randn(2, 3, 64, 64)
    samples = make_samples(torch.randint(5, (2, 64, 64)))
    expected, found = ours.loss(inputs, samples), theirs.loss(inputs, samples)
    assert len(passes) == 2
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value.item(), rel=1e-5), name
