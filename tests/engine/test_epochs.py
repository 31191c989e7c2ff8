"""Training by epochs: it ends, validates, saves, and resumes to the bit (issue 19, point 10)."""

import shutil
from itertools import islice

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmseg.registry import LOOPS

from ktda_mmseg.engine import ResumableSampler
from ktda_mmseg.engine.run_config import add_hooks


@pytest.fixture
def by_epochs(run_config, tmp_path):
    """Return a function that trains three epochs of two steps each, on four images."""
    for folder in ('images', 'masks'):
        for name, copy in ('ac', 'bd'):
            shutil.copy(tmp_path / folder / f'{name}.png', tmp_path / folder / f'{copy}.png')

    def train(name, **changes):
        config = Config.fromfile(run_config)
        config.work_dir, config.experiment_name = str(tmp_path / name), name
        config.train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3, val_interval=2)
        pipeline = config.train_dataloader.dataset.pipeline
        flip = dict(type='RandomFlip', prob=0.5)
        config.train_dataloader.dataset.pipeline = [
            dict(type='SeedSample'), *pipeline[:-1], flip, pipeline[-1]
        ]  # fmt: skip
        config.val_dataloader.batch_size = 1
        config.val_cfg = dict(type='ValLoop')
        config.optim_wrapper.optimizer = dict(type='AdamW', lr=1e-3)
        config.param_scheduler = [
            dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
            dict(type='PolyLR', eta_min=1e-5, by_epoch=True, begin=1),
        ]
        config.default_hooks.checkpoint.update(max_keep_ckpts=9)
        config.merge_from_dict(changes)
        runner = Runner.from_cfg(config)
        runner.validated = []
        runner.val_loop.run = lambda: runner.validated.append(runner.epoch)
        runner.train()
        return runner

    return train


def assert_equal(one, other):
    for key, value in one.model.state_dict().items():
        torch.testing.assert_close(other.model.state_dict()[key], value, rtol=0, atol=0, msg=key)
    states = [run.optim_wrapper.optimizer.state_dict()['state'] for run in (one, other)]
    torch.testing.assert_close(states[0], states[1], rtol=0, atol=0)


BY_EPOCH = {'default_hooks.checkpoint.by_epoch': True, 'default_hooks.checkpoint.interval': 1}
BY_STEP = {'default_hooks.checkpoint.interval': 1}


@pytest.mark.parametrize(
    ('saving', 'names', 'resumed_from', 'validated'),
    [
        (BY_EPOCH, 'epoch', 2, [2, 3]),  # that validation may not have been seen
        (BY_STEP, 'iter', 3, [2, 3]),  # within the second epoch
        (BY_STEP, 'iter', 4, [2, 3]),  # at its end, which has not been noted
        (BY_STEP, 'iter', 5, [3]),
    ],
)
def test_a_resumed_run_ends_in_the_same_bits(
    by_epochs, tmp_path, saving, names, resumed_from, validated
):
    whole = by_epochs('whole', **saving)
    assert (whole.epoch, whole.iter, whole.max_iters) == (3, 6, 6)
    assert whole.validated == [2, 3]
    last = 3 if names == 'epoch' else 6
    saved = sorted(path.name for path in (tmp_path / 'whole').glob(f'{names}_*.pth'))
    assert saved == [f'{names}_{i}.pth' for i in range(1, last + 1)]
    checkpoint = tmp_path / 'whole' / f'{names}_{resumed_from}.pth'
    resumed = by_epochs('resumed', resume=True, load_from=str(checkpoint), **saving)
    assert (resumed.epoch, resumed.iter) == (3, 6)
    assert resumed.validated == validated
    assert_equal(whole, resumed)


def test_stops_and_stages_follow_the_epochs(by_epochs, tmp_path):
    """Half of the steps are the teacher's, and three epochs cannot be divided by eight."""
    stages = []

    @LOOPS.register_module(force=True)
    class Runs(EpochBasedTrainLoop):
        def run_iter(self, *arguments):
            super().run_iter(*arguments)
            stages.append(self.runner.model.taught_by)

    run = by_epochs(
        'stages',
        train_cfg=dict(type='Runs', max_epochs=3),
        custom_hooks=[
            dict(type='ExactResumeHook'),
            dict(type='TransferStageHook', share=0.5, end=0.8),
        ],
        **{'default_hooks.stops': dict(type='EvenStopsHook', validations=2, checkpoints=8)},
    )
    assert stages == ['teacher'] * 3 + ['both'] * 2 + ['labels']
    assert run.validated == [1, 2, 3]
    assert sorted(path.name for path in (tmp_path / 'stages').glob('*.pth')) == [
        'iter_2.pth', 'iter_4.pth', 'iter_6.pth'
    ]  # fmt: skip


@pytest.mark.parametrize('ranks', [1, 2, 3])
def test_ranks_share_each_epoch(monkeypatch, ranks):
    """Every sample is seen in an epoch; what cannot be shared evenly is filled up."""
    epochs = []
    for epoch in range(2):
        streams = []
        for rank in range(ranks):
            monkeypatch.setattr(
                'ktda_mmseg.engine.exact_resume.get_dist_info', lambda r=rank: (r, ranks)
            )
            sampler = ResumableSampler(range(7), seed=3)
            sampler.end_with_epoch(epoch, 0)
            streams.append(list(sampler))
            assert len(sampler) == len(streams[-1]) == -(-7 // ranks)
            sampler.end_with_epoch(epoch, 2)
            assert list(sampler) == streams[-1][2:]
        epochs.append([index for step in zip(*streams) for index in step])
    assert all(set(order) == set(range(7)) for order in epochs)
    assert epochs[0] != epochs[1]
    if ranks == 1:  # as by iterations
        endless = islice(ResumableSampler(range(7), seed=3), 14)
        assert [int(index) for index in endless] == [*epochs[0], *epochs[1]]


def test_hooks_of_a_users_own_do_not_make_an_epoch_endless(run_config):
    config = Config.fromfile(run_config)
    config.custom_hooks = [dict(type='TeacherNoteHook')]
    for _ in range(2):
        add_hooks(config)
        assert [hook['type'] for hook in config.custom_hooks] == [
            'TeacherNoteHook', 'FitHook', 'ExactResumeHook'
        ]  # fmt: skip
