"""Two ranks learn what one process learns from their batches together (issue 19, point 12)."""

import json
import multiprocessing
import os
import signal
import socket
import traceback
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from torch import distributed

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.engine.launch import start_cpu_group
from ktda_mmseg.engine.transfer_stage import expect_unused_parameters

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'ktda'
STEPS = 4
# batch statistics are those of a rank
GROUPS = dict(type='GN', num_groups=4)
pytestmark = pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')


class NoteLosses(Hook):
    """Write the losses of each step, and end the second rank as a system out of memory does."""

    def __init__(self, path: str, killed_after: int = 0) -> None:
        self.path, self.killed_after = path, killed_after

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        with Path(f'{self.path}{runner.rank}').open('a') as file:
            file.write(json.dumps({key: value.item() for key, value in outputs.items()}) + '\n')
        if runner.rank == 1 and runner.iter + 1 == self.killed_after:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def registered():
    """The hook, by its name in configs that are dumped."""
    HOOKS.register_module(module=NoteLosses)
    yield
    del HOOKS._module_dict['NoteLosses']


def dubai_best():
    """The leaf in the channels of its teacher, which has random weights."""
    config = Config.fromfile(CONFIGS / 'dubai_best.py')
    config.model.teacher.update(pretrained=False)
    config.model.backbone.update(norm_cfg=GROUPS)
    config.model.decode_head.decoder.update(channels=16, pool_scales=(1, 2))
    config.custom_hooks[-1].iters = STEPS // 2
    return config


def equal_variance():
    """The same by a rotation that is fitted to the first batch."""
    config = dubai_best()
    config.model.standardise_teacher = 'equal_variance'
    return config


def grass_fast(tiny_model):
    """The leaf at the size of the golden values."""
    config = Config.fromfile(CONFIGS / 'grass_fast.py')
    config.model = tiny_model
    config.model.decode_head.modulation.update(keys=2)  # 19 are all that such small grids have
    return config


@pytest.fixture
def small(request, tiny_model, run_config):
    """A leaf without dropout and batch statistics, on four images of noise, two of them a copy."""
    build = request.param
    config = build(tiny_model) if build is grass_fast else build()
    head = config.model.decode_head
    for decoder in (head.decoder, head.auxiliary):
        decoder.update(norm_cfg=GROUPS, dropout_ratio=0)
    config.model.data_preprocessor.size = (64, 64)
    loader = Config.fromfile(run_config).train_dataloader
    for folder in ('images', 'masks'):
        for name, copy in ('ac', 'bd'):
            path = Path(loader.dataset.data_root, folder, f'{name}.png')
            path.with_stem(copy).write_bytes(path.read_bytes())
    steps = loader.dataset.pipeline
    flip = dict(type='RandomFlip', prob=0.5)
    loader.dataset.pipeline = [dict(type='SeedSample'), *steps[:-1], flip, steps[-1]]
    config.train_dataloader = loader
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=STEPS)
    config.default_hooks.checkpoint = dict(
        type='AtomicCheckpointHook', by_epoch=False, interval=1, max_keep_ckpts=1
    )
    return config


def train(config, folder, rank=0, ranks=1, killed_after=0, resume=False):
    config = Config(config.to_dict())
    config.update(work_dir=str(folder), experiment_name=f'{folder.name}{resume}', resume=resume)
    config.train_dataloader.batch_size = 4 // ranks
    notes = dict(type='NoteLosses', path=str(folder.with_suffix('.losses')))
    config.custom_hooks = [*config.custom_hooks, dict(notes, killed_after=killed_after)]
    if ranks > 1:
        config.launcher = 'pytorch'
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
        config.merge_from_dict(start_cpu_group('pytorch'))
        expect_unused_parameters(config)
    Runner.from_cfg(config).train()


def rank_of(config, folder, rank, options):
    with folder.with_suffix(f'.log{rank}').open('a') as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            train(config, folder, rank, 2, **options)
        except BaseException:
            traceback.print_exc(file=log)
            log.flush()
            os._exit(1)
        distributed.destroy_process_group()


def train_two(config, folder, monkeypatch, **options):
    """Train by two processes and return their exit codes."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = str(server.getsockname()[1])
    for key, value in dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=port, WORLD_SIZE='2').items():
        monkeypatch.setenv(key, value)
    fork = multiprocessing.get_context('fork')
    ranks = [
        fork.Process(target=rank_of, args=(config, folder, rank, options)) for rank in range(2)
    ]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(200)
    return [process.exitcode for process in ranks]


def losses(folder, rank=0):
    path = folder.with_suffix(f'.losses{rank}')
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize('small', [dubai_best, grass_fast, equal_variance], indirect=True)
def test_two_ranks_lose_what_one_process_loses(small, tmp_path, monkeypatch):
    """Each step, to 1e-5; the first steps of dubai_best.py have no gradient in the decoders."""
    train(small, tmp_path / 'one')
    assert train_two(small, tmp_path / 'two', monkeypatch) == [0, 0], [
        path.read_text()[-2000:] for path in tmp_path.glob('two.log*')
    ]
    alone = losses(tmp_path / 'one')
    assert len(alone) == STEPS and len({step['loss'] for step in alone}) == STEPS
    for rank in range(2):
        for found, expected in zip(losses(tmp_path / 'two', rank), alone, strict=True):
            assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('small', [dubai_best], indirect=True)
def test_a_run_whose_rank_was_killed_resumes_to_the_bit(small, tmp_path, monkeypatch):
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    assert train_two(small, whole, monkeypatch) == [0, 0]
    for killed_after in (1, 3):  # in either stage
        options = dict(killed_after=killed_after, resume=killed_after > 1)
        codes = train_two(small, killed, monkeypatch, **options)
        assert codes[1] == -signal.SIGKILL and codes[0] != 0
        assert not (killed / f'iter_{STEPS}.pth').exists()
    assert train_two(small, killed, monkeypatch, resume=True) == [0, 0]
    ended = [read_checkpoint(folder / f'iter_{STEPS}.pth') for folder in (whole, killed)]
    for part in ('state_dict', 'optimizer'):
        torch.testing.assert_close(ended[0][part], ended[1][part], rtol=0, atol=0)
