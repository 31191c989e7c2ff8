"""The first stage of training by the teacher alone."""

from types import SimpleNamespace

import pytest
from mmseg.registry import MODELS
from torch.nn import DataParallel

from ktda_mmseg.engine import TransferStageHook


@pytest.fixture
def runner(tiny_model):
    return SimpleNamespace(model=MODELS.build(tiny_model), iter=0, max_iters=10)


def test_the_number_of_the_iteration_tells_the_stages_apart(runner):
    hook = TransferStageHook(iters=3)
    hook.before_train(runner)
    stages = []
    for runner.iter in (0, 2, 3, 9, 1):
        hook.before_train_iter(runner, batch_idx=0)
        stages.append(runner.model.transfer_only)
    assert stages == [True, True, False, False, True]
    hook.after_train(runner)
    assert not runner.model.transfer_only


@pytest.mark.parametrize('mixup', [False, True])
def test_images_are_mixed_in_the_first_stage_alone(runner, mixup):
    hook = TransferStageHook(iters=3, mixup=mixup)
    mixes = []
    for runner.iter in (0, 2, 3, 1):
        hook.before_train_iter(runner, batch_idx=0)
        mixes.append(runner.model.mixup)
    assert mixes == [mixup, mixup, False, mixup]
    hook.after_train(runner)
    assert not runner.model.mixup


@pytest.mark.parametrize(('share', 'first'), [(0.25, 2), (0.5, 5), (0.01, 1)])
def test_a_share_follows_the_length(runner, share, first):
    hook = TransferStageHook(share=share)
    stages = []
    for runner.iter in range(10):
        hook.before_train_iter(runner, batch_idx=0)
        stages.append(runner.model.transfer_only)
    assert stages == [True] * first + [False] * (10 - first)


def test_a_frozen_student_stays_as_the_teacher_left_it(runner):
    hook, backbone = TransferStageHook(iters=3, freeze=True), runner.model.backbone
    for runner.iter, learns in ((2, True), (3, False)):
        runner.model.train()
        hook.before_train_iter(runner, batch_idx=0)
        assert backbone.training is learns
        assert all(p.requires_grad is learns for p in backbone.parameters())
    hook.after_train(runner)
    assert all(p.requires_grad for p in backbone.parameters())


def test_a_wrapped_model_is_reached(runner):
    segmentor = runner.model
    runner.model = DataParallel(segmentor)
    TransferStageHook(iters=3).before_train_iter(runner, batch_idx=0)
    assert segmentor.transfer_only


def test_what_does_not_fit_is_named(runner, tiny_model):
    with pytest.raises(ValueError, match='iters of at least 1, got 0'):
        TransferStageHook(iters=0)
    with pytest.raises(ValueError, match='share between 0 and 1, got 1'):
        TransferStageHook(share=1)
    with pytest.raises(ValueError, match='iters or share in TransferStageHook, got None, None'):
        TransferStageHook()
    with pytest.raises(ValueError, match='iters below train_cfg.max_iters=10, got 10'):
        TransferStageHook(iters=10).before_train(runner)
    runner.model = MODELS.build(dict(tiny_model, teacher=None, transfer_losses=None))
    with pytest.raises(ValueError, match='expected a KTDASegmentor with a teacher, got none'):
        TransferStageHook(iters=3).before_train(runner)
