"""Two ranks train every recipe as one process does that has their images together.

One process and two ranks, joined by gloo, go through the recipes by `tools/train.py`, in float64
and without dropout and batch statistics.
"""

import gc
import json
import math
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.config import config as config_module
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import HOOKS, MODELS
from torch import distributed
from yapf.yapflib import yapf_api

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.engine.unwrapping import unwrapped
from ktda_mmseg.models import FrozenTeacher, FrozenTeachers

from .ranks import free_ports, run_ranks
from .small_recipes import ABLATIONS, RECIPES, SIDE, STEPS, cache_maps, small_recipe, write_data

TRAIN = Path(__file__).resolve().parents[2] / 'tools' / 'train.py'
# a recipe, and what a run of it does besides
VARIANTS = {
    'dubai_best+equal_variance': {'model.standardise_teacher': 'equal_variance'},
    'grass_fast+accumulation': {'optim_wrapper.accumulative_counts': 4},
    'grass_fast+ema': {'default_hooks.ema': dict(type='EMAHook', momentum=0.1)},
    'grass_fast+bf16': {},
}
RUNS = [*RECIPES, *VARIANTS]
KILLED = ['dubai_best', 'grass_cached']
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning'),
]


class Witness(Hook):
    """Write what a rank has seen, and end the second one as a system out of memory does."""

    def __init__(self, killed_after: int = 0) -> None:
        self.killed_after = killed_after
        self.losses, self.scores = [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        # no dropout, no statistics of a batch
        unwrapped(runner.model).eval()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append({key: value.item() for key, value in outputs.items()})
        if runner.rank == 1 and runner.iter + 1 == self.killed_after:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_val_epoch(self, runner, metrics=None):
        self.scores.append({key: float(value) for key, value in metrics.items()})

    def after_train(self, runner):
        teacher = getattr(unwrapped(runner.model), 'teacher', None)
        weights = list(teacher.backbone.parameters()) if teacher else []
        optimizer = runner.optim_wrapper.optimizer
        known = [
            *runner.model.parameters(),
            *(p for g in optimizer.param_groups for p in g['params']),
        ]
        kinds = FrozenTeacher, FrozenTeachers
        seen = dict(
            losses=self.losses,
            scores=self.scores,
            wrapped=is_model_wrapper(runner.model),
            unused=getattr(runner.model, 'find_unused_parameters', False),
            taught=teacher is not None,
            teachers=sum(type(found) in kinds for found in gc.get_objects()),
            teacher_is_known=bool({id(p) for p in known} & {id(p) for p in weights}),
            teacher_learns=any(p.requires_grad or p.grad is not None for p in weights),
        )
        Path(runner.work_dir, f'rank{runner.rank}.json').write_text(json.dumps(seen))


def label(name):
    """Name the files of a run."""
    return name.replace('/', '-').replace('+', '-')


def train_two(folder, where, names, *options):
    """Train by two ranks, of which each has one of the two images of a step; their exit codes."""
    ports = free_ports(len(names))
    half = ['--cfg-options', 'train_dataloader.batch_size=1', *options]
    return run_ranks(train, folder, where, names, half, ports)


def train(folder, where, names, options=(), ports=()):
    """Train one run after another, as a rank of two where there are ports, to a folder."""
    os.chdir(folder)
    sys.stdout = sys.stderr = log = Path(f'{where}{os.environ["RANK"]}.log').open('a')
    os.environ['KTDA_TRACEBACK'] = '1'
    sys.path.append(str(TRAIN.parent))
    gc.freeze()
    # formatting a config takes as long as ten steps
    for module in (yapf_api, config_module):  # where one mmengine looks, and the other
        module.FormatCode = lambda text, **_: (text, True)
    for index, name in enumerate(names):
        arguments = [f'{label(name)}.py', '--work-dir', f'{where}/{label(name)}', *options]
        floats = mock.patch.object(torch.Tensor, 'float', torch.Tensor.double)
        if name.endswith('bf16'):
            arguments.append('--amp')
            floats = mock.MagicMock()
        # the transfer losses compute in float32, whatever they are given
        with floats:
            torch.set_default_dtype(torch.float32 if name.endswith('bf16') else torch.float64)
            gc.collect()
            print(f'\n== {name}')
            if ports:
                os.environ['MASTER_PORT'] = str(ports[index])
                arguments += ['--launcher', 'pytorch']
            sys.argv = ['train.py', *arguments]
            try:
                runpy.run_path(str(TRAIN), run_name='__main__')
            except BaseException:
                traceback.print_exc()
                if ports:  # the other rank waits for this one
                    log.flush()
                    os._exit(1)
        if ports:
            distributed.destroy_process_group()
    log.flush()
    os._exit(0)


@pytest.fixture(scope='module')
def runs(request, tmp_path_factory):
    """Folder of what the tests at hand want trained, by one process and by two ranks."""
    folder = tmp_path_factory.mktemp('runs')
    items = [item for item in request.session.items if item.module is request.module]
    asked = {item.callspec.params['name'] for item in items}
    names = [name for name in RUNS if name in asked]
    init_default_scope('mmseg')
    HOOKS.register_module(module=Witness)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in names:
            config = small_recipe(name.partition('+')[0])
            write_data(config)
            cache_maps(config, folder / f'{label(name)}.pth')
            config.merge_from_dict(VARIANTS.get(name, {}))
            config.custom_hooks.append(dict(type='Witness'))
            config.dump(f'{label(name)}.py')
    train_two(folder, 'two', names)
    run_ranks(train, folder, 'one', names, ranks=1)
    yield folder
    del HOOKS._module_dict['Witness']


def seen(runs, where, name, rank=0):
    path = runs / where / label(name) / f'rank{rank}.json'
    assert path.is_file(), {log.name: log.read_text()[-2000:] for log in runs.glob('*.log')}
    return json.loads(path.read_text())


def saved(runs, where, name):
    return read_checkpoint(runs / where / label(name) / f'iter_{STEPS}.pth')


def distance(found, expected):
    """Return how far numbers of equal names are apart, relative to those expected."""
    assert found.keys() == expected.keys()
    return max(abs(found[key] - value) / max(abs(value), 1e-3) for key, value in expected.items())


def weights_apart(first, second):
    assert first.keys() == second.keys()
    return max((second[key] - value).abs().max().item() for key, value in first.items())


@pytest.mark.parametrize('name', RUNS)
def test_two_ranks_train_as_one_process_does(name, runs):
    one, *two = seen(runs, 'one', name), *(seen(runs, 'two', name, rank) for rank in range(2))
    hooks = small_recipe(name.partition('+')[0]).custom_hooks
    stages = any(hook['type'] == 'TransferStageHook' for hook in hooks)
    for rank in two:
        assert rank['wrapped'] and rank['teachers'] == one['teachers'] == rank['taught']
        assert not rank['teacher_is_known'] and not rank['teacher_learns']
        # DDP looks for parameters without gradient only where a stage leaves some out
        assert rank['unused'] == stages
        assert all(math.isfinite(value) for row in rank['losses'] for value in row.values())
    alone, together = (saved(runs, where, name) for where in ('one', 'two'))
    assert not any('teacher' in key for key in together['state_dict'])
    if name.endswith('bf16'):
        return
    losses = max(
        distance(found, expected)
        for rank in two
        for found, expected in zip(rank['losses'], one['losses'], strict=True)
    )
    weights = weights_apart(alone['state_dict'], together['state_dict'])
    print(f'{name}: losses {losses:.0e} apart, weights {weights:.0e}')
    assert losses < 1e-6 and weights < 1e-6
    assert len({row['loss'] for row in one['losses']}) == STEPS == len(one['losses'])
    # of three images, which two ranks cannot share evenly
    assert two[0]['scores'] == two[1]['scores']
    (expected,), (found,) = one['scores'], two[0]['scores']
    timing = {'time', 'data_time'}
    assert {k: found[k] for k in found.keys() - timing} == pytest.approx(
        {k: expected[k] for k in expected.keys() - timing}
    )
    if 'ema_state_dict' in alone:
        assert weights_apart(alone['ema_state_dict'], together['ema_state_dict']) < 1e-6
    assert ('ema_state_dict' in alone) == name.endswith('ema')


@pytest.mark.parametrize(('name', 'killed_after'), [('dubai_best', 5), ('grass_cached', 8)])
def test_a_run_whose_rank_was_killed_resumes_to_the_bit(name, killed_after, runs):
    """Within either stage of dubai_best; grass_cached reads the teacher's maps."""
    often = f'default_hooks.checkpoint.interval={STEPS // 4}'
    killed = f'custom_hooks.{len(small_recipe(name).custom_hooks)}.killed_after={killed_after}'
    codes = train_two(runs, 'killed', [name], often, killed)
    assert codes[1] == -signal.SIGKILL and codes[0] != 0
    assert not (runs / 'killed' / label(name) / f'iter_{STEPS}.pth').exists()
    assert train_two(runs, 'killed', [name], often, '--resume') == [0, 0]
    whole, resumed = (saved(runs, where, name) for where in ('two', 'killed'))
    for part in ('state_dict', 'optimizer'):
        torch.testing.assert_close(whole[part], resumed[part], rtol=0, atol=0)


@pytest.mark.parametrize('name', ['grass_cached'])
def test_another_number_of_ranks_goes_on_with_as_many_images(name, runs):
    """The same images at least: what a model draws depends on the rank."""
    often = f'default_hooks.checkpoint.interval={STEPS // 2}'
    path = runs / 'other' / label(name)
    assert train_two(runs, 'other', [name], often, f'train_cfg.max_iters={STEPS // 2}') == [0, 0]
    options = ['--resume', '--cfg-options', 'train_dataloader.batch_size=1']
    run_ranks(train, runs, 'other', [name], options, ranks=1)
    said = (runs / 'other0.log').read_text()
    assert 'expected to resume with the 2 images a step that 2 process(es) had together' in said
    assert not (path / f'iter_{STEPS}.pth').exists()
    run_ranks(train, runs, 'other', [name], ['--resume'], ranks=1)
    one, other = (saved(runs, where, name)['state_dict'] for where in ('one', 'other'))
    assert weights_apart(one, other) < 1e-6


@pytest.mark.parametrize('name', ABLATIONS)
def test_a_step_has_a_gradient_for_every_parameter(name, make_samples):
    """Or DDP would stop at the second step, unless it looks for unused parameters."""
    model = MODELS.build(small_recipe(name).model)
    samples = make_samples(torch.randint(5, (2, SIDE, SIDE)))
    losses = model.loss(torch.randn(2, 3, SIDE, SIDE), samples)
    model.parse_losses(losses)[0].backward()
    trained = {key: value for key, value in model.named_parameters() if value.requires_grad}
    assert trained and not [key for key, value in trained.items() if value.grad is None]
