"""A run of any length validates and saves as often."""

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from ktda_mmseg.engine import EvenStopsHook


@pytest.mark.parametrize(('length', 'saved'), [(8, [2, 4, 6, 8]), (9, [2, 4, 6, 8, 9])])
def test_stops_follow_the_length(run_config, tmp_path, length, saved):
    config = Config.fromfile(run_config)
    config.work_dir = str(tmp_path / 'run')
    config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=length, val_interval=10**6)
    config.val_dataloader = dict(config.train_dataloader, batch_size=1)
    config.val_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
    config.val_cfg, config.val_evaluator = dict(type='ValLoop'), dict(type='IoUMetric')
    config.default_hooks.checkpoint = dict(type='AtomicCheckpointHook', by_epoch=False)
    config.default_hooks.stops = dict(type='EvenStopsHook', validations=2, checkpoints=4)
    runner = Runner.from_cfg(config)
    validated = []
    runner.val_loop.run = lambda: validated.append(runner.iter)
    runner.train()
    assert [int(path.stem[5:]) for path in sorted((tmp_path / 'run').glob('iter_*.pth'))] == saved
    assert validated == [
        iteration for iteration in saved if iteration % 4 == 0 or iteration == length
    ]


@pytest.mark.parametrize('options', [dict(validations=0), dict(validations=3, checkpoints=4)])
def test_stops_that_do_not_divide_are_refused(options):
    with pytest.raises(ValueError, match='divide its checkpoints'):
        EvenStopsHook(**options)
