"""Who teaches when: the teacher alone, both, the labels alone."""

from types import SimpleNamespace
from unittest.mock import patch

import pytest
from mmseg.registry import MODELS
from torch.nn import DataParallel

from ktda_mmseg.caching import LoadTeacherMaps
from ktda_mmseg.engine import TransferStageHook


@pytest.fixture
def runner(tiny_model):
    loading = LoadTeacherMaps('cache')
    inner = SimpleNamespace(pipeline=SimpleNamespace(transforms=[loading]))
    repeated = SimpleNamespace(dataset=inner)
    return SimpleNamespace(
        model=MODELS.build(tiny_model),
        iter=0,
        max_iters=10,
        train_dataloader=SimpleNamespace(dataset=SimpleNamespace(datasets=[repeated])),
        loading=loading,
    )


def test_the_number_of_the_iteration_tells_the_stages_apart(runner):
    hook = TransferStageHook(iters=3)
    hook.before_train(runner)
    stages = []
    for runner.iter in (0, 2, 3, 9, 1):
        hook.before_train_iter(runner, batch_idx=0)
        stages.append(runner.model.taught_by)
    assert stages == ['teacher', 'teacher', 'both', 'both', 'teacher']
    hook.after_train(runner)
    assert runner.model.taught_by == 'both'


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
        stages.append(runner.model.taught_by)
    assert stages == ['teacher'] * first + ['both'] * (10 - first)


@pytest.mark.parametrize(
    ('options', 'stages'),
    [
        (dict(end=0.5), ['both'] * 5 + ['labels'] * 5),
        (dict(end=0.01), ['both'] + ['labels'] * 9),
        (dict(share=0.3, end=0.7), ['teacher'] * 3 + ['both'] * 4 + ['labels'] * 3),
        (dict(iters=5, end=0.5), ['teacher'] * 5 + ['labels'] * 5),
    ],
)
def test_the_labels_alone_teach_at_the_end(runner, options, stages):
    hook = TransferStageHook(**options)
    hook.before_train(runner)
    found, read = [], []
    for runner.iter in range(10):
        hook.before_train_iter(runner, batch_idx=0)
        found.append(runner.model.taught_by)
        read.append(bool(runner.loading.reading))
    assert found == stages
    # no map is read from a cache that nobody compares
    assert read == [stage != 'labels' for stage in stages]
    hook.after_train(runner)
    assert runner.loading.reading and runner.model.taught_by == 'both'
    for runner.iter, reads in ((9, False), (0, True)):
        hook.before_train_iter(runner, batch_idx=0)
        assert bool(runner.loading.reading) is reads


def test_the_log_says_who_teaches_from_when_on(runner):
    hook = TransferStageHook(share=0.3, end=0.7)
    with patch('ktda_mmseg.engine.transfer_stage.print_log') as log:
        for runner.iter in range(10):
            hook.before_train_iter(runner, batch_idx=0)
    assert [call.args[0] for call in log.call_args_list] == [
        'from iteration 1: taught by the teacher alone',
        'from iteration 4: taught by teacher and labels',
        'from iteration 8: taught by labels alone',
    ]


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
    assert segmentor.taught_by == 'teacher'


def test_what_does_not_fit_is_named(runner, tiny_model):
    with pytest.raises(ValueError, match='iters of at least 1, got 0'):
        TransferStageHook(iters=0)
    with pytest.raises(ValueError, match='share between 0 and 1, got 1'):
        TransferStageHook(share=1)
    with pytest.raises(ValueError, match='end between 0 and 1, got 1.5'):
        TransferStageHook(end=1.5)
    with pytest.raises(ValueError, match='iters or share in TransferStageHook, got 3, 0.5'):
        TransferStageHook(iters=3, share=0.5)
    with pytest.raises(ValueError, match='iters, share or end in TransferStageHook, got none'):
        TransferStageHook()
    with pytest.raises(ValueError, match='expected iters or share in TransferStageHook, got none'):
        TransferStageHook(end=0.5, freeze=True)
    with pytest.raises(ValueError, match='iters below train_cfg.max_iters=10, got 10'):
        TransferStageHook(iters=10).before_train(runner)
    with pytest.raises(ValueError, match='stage of 6 iterations, got 0.5, which is iteration 5'):
        TransferStageHook(iters=6, end=0.5).before_train(runner)
    runner.model = MODELS.build(dict(tiny_model, teacher=None, transfer_losses=None))
    with pytest.raises(ValueError, match='expected a KTDASegmentor with a teacher, got none'):
        TransferStageHook(iters=3).before_train(runner)
