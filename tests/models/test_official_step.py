"""The step that speed is measured against computes the same, with twice the student."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmseg.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'ktda'
STEPS = 20


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


def trained(model, config, inputs, samples):
    """Return the losses of each step of the config's optimizer and schedule."""
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    schedulers = [
        PARAM_SCHEDULERS.build(cfg, default_args=dict(optimizer=wrapper))
        for cfg in config.param_scheduler
    ]
    rows = []
    for step in range(STEPS):
        losses = model.loss(inputs[step % len(inputs)], samples)
        wrapper.update_params(sum(value for name, value in losses.items() if 'loss' in name))
        for scheduler in schedulers:
            scheduler.step()
        rows.append({name: value.item() for name, value in losses.items() if 'loss' in name})
    return rows


@pytest.mark.parametrize(
    ('dtype', 'bound'), [(torch.float32, 1e-5), (torch.float64, 1e-10)], ids=['fp32', 'fp64']
)
def test_the_exact_recipe_trains_as_the_official_step_does(tiny_model, make_samples, dtype, bound):
    official = dict(tiny_model, type='OfficialStepSegmentor')
    official['neck'] = dict(tiny_model.neck, type='OfficialFAM')
    ours, theirs = MODELS.build(tiny_model), MODELS.build(official)
    ours.init_weights()
    theirs.load_state_dict(ours.state_dict())
    theirs.teacher.backbone.load_state_dict(ours.teacher.backbone.state_dict())
    for model in (ours, theirs):
        model.to(dtype).teacher.backbone.to(dtype)
    inputs = torch.randn(4, 2, 3, 64, 64, dtype=dtype)
    samples = make_samples(torch.randint(5, (2, 64, 64)))
    exact, reference = (
        trained(model, Config.fromfile(CONFIGS / path), inputs, samples)
        for model, path in ((ours, 'grass.py'), (theirs, 'official_step/grass.py'))
    )
    assert reference[-1]['decode.loss_ce'] != reference[0]['decode.loss_ce']
    for step in range(STEPS):
        assert exact[step] == pytest.approx(reference[step], rel=bound), step
