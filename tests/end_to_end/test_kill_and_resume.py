"""A run that is killed and resumed ends with the weights of one left alone, bit by bit."""

import os
import signal
from pathlib import Path

import pytest
import torch

from ktda_mmseg.checkpoints import read_checkpoint

from ..waiting import wait_for

LAST = 8


def arguments(quickstart, options, work_dir, workers, flags):
    return [
        *(quickstart, *flags, '--work-dir', work_dir, *options),
        f'train_cfg.max_iters={LAST}',
        'train_cfg.val_interval=3',
        'default_hooks.checkpoint.interval=1',
        f'train_dataloader.num_workers={workers}',
        f'train_dataloader.persistent_workers={bool(workers)}',
    ]


def kill_when(process, happened):
    """Kill a run and its workers as soon as something is seen; True if it was still running."""
    wait_for(happened, process)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def weights(work_dir: Path):
    checkpoint = read_checkpoint(work_dir / f'iter_{LAST}.pth')
    return {**checkpoint['state_dict'], 'optimizer': checkpoint['optimizer']['state']}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        if isinstance(value, dict):
            assert_same(found[key], value)
        else:
            assert torch.equal(torch.as_tensor(found[key]), torch.as_tensor(value)), key


@pytest.mark.parametrize(('workers', 'flags'), [(0, []), (2, ['--channels-last'])])
def test_killed_runs_end_in_the_same_bits(tools, quickstart, options, tmp_path, workers, flags):
    """Slow: it trains once whole and once in parts, each a process that loads everything."""
    alone, killed = tmp_path / 'alone', tmp_path / 'killed'
    tools('train.py', *arguments(quickstart, options, alone, workers, flags))

    resumed = [*arguments(quickstart, options, killed, workers, flags)]
    resumed[1:1] = ['--resume']
    moments = [
        # before the first checkpoint, during the writing of one, between iterations
        lambda: any(killed.glob('*/*.log')),
        # (or just after, where the machine writes faster than one can look)
        lambda: any(killed.glob('.partial.*.iter_3.pth')) or (killed / 'iter_3.pth').exists(),
        lambda: (killed / 'iter_6.pth').exists(),
    ]
    for moment in moments:
        assert kill_when(tools.start('train.py', *resumed), moment)
        latest = killed / 'last_checkpoint'
        if latest.exists():
            assert read_checkpoint(latest.read_text())['meta']['iter'] >= 1
    tools('train.py', *resumed)
    assert_same(weights(killed), weights(alone))
    assert {path.name for path in killed.glob('best_*')} == {
        path.name for path in alone.glob('best_*')
    }
    assert not list(killed.glob('.partial.*'))
