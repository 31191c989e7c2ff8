"""A study is run, killed midway and run again, and its tables are written."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ..waiting import wait_for

STEPS = 4


@pytest.fixture
def study(tmp_path, monkeypatch, quickstart, synthetic) -> Iterator[Path]:
    """A study of the student alone on generated grass, two seeds, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    cores = os.sched_getaffinity(0)
    # cells take all cores that they are given, and other tests may run beside
    os.sched_setaffinity(0, {max(cores)})
    options = {
        **{f'{split}_dataloader.dataset.data_root': str(synthetic) for split in ('val', 'test')},
        'train_dataloader.dataset.data_root': str(synthetic),
        'train_dataloader.batch_size': 2,
        'train_cfg.max_iters': STEPS,
        'train_cfg.val_interval': STEPS,
        'default_hooks.checkpoint.interval': 1,
        'default_hooks.logger.interval': 1,
        'model.data_preprocessor.size': [64, 64],
        'model.decode_head.decoder.pool_scales': [1, 2],
        'model.teacher': None,
        'model.transfer_losses': None,
    }
    for split in ('train', 'val', 'test'):
        options[f'{split}_dataloader.num_workers'] = 0
    path = Path('tiny.yaml')
    Path('random.py').write_text('_base_ = []\n')  # a config that Python's own module must not be
    row = dict(title='Student alone', config=str(quickstart))
    content = dict(
        title='Tiny', seeds=[0, 1], options=options, datasets=dict(grass={}), rows=dict(alone=row)
    )
    path.write_text(yaml.safe_dump(content))
    yield path
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
def test_a_killed_study_goes_on_and_runs_no_finished_cell_again(tools, study):
    """Slow: each cell of a study is a process of its own, and one is killed on its way."""
    results = [Path(f'docs/results/tiny/grass/alone/seed_{seed}.json') for seed in (0, 1)]
    second = Path('work_dirs/studies/tiny/grass/alone/seed_1')
    process = tools.start('run_study.py', study, '--jobs', 1)
    wait_for((second / 'iter_2.pth').exists, process)
    assert process.poll() is None
    # alone, without its cell, which ends by itself
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    first = results[0].stat().st_mtime_ns
    printed = tools('run_study.py', study)
    assert 'grass/alone/seed_1: started' in printed and 'seed_0: started' not in printed
    assert results[0].stat().st_mtime_ns == first
    assert '0 cells to run' in tools('run_study.py', study, '--dry-run')

    contents = [json.loads(path.read_text()) for path in results]
    assert len({content['digest'] for content in contents}) == 1
    for content in contents:
        assert content['training']['iterations'] == STEPS == content['checkpoint']['iteration']
        assert [step for step, _ in content['training']['scalars']['loss']] == [
            *range(1, STEPS + 1)
        ]
        assert len(content['test']['images']) == 4 and content['validation']['mIoU'] >= 0
        assert content['model']['parameters'] > 1_000_000
        log = results[0].with_suffix('.log').read_text()
        assert 'Iter(train) [4/4]' in log and str(Path.cwd()) not in log
    # the resumed part of the log comes after the first
    resumed = results[1].with_suffix('.log').read_text()
    assert 'resumed epoch' in resumed and resumed.count('Iter(train) [1/4]') == 1
    assert 'Student alone | 2 of 2' in Path('docs/results/tiny/README.md').read_text()
    assert Path('docs/results/tiny/grass/pictures.jpg').is_file()


def test_what_the_user_has_to_mend_is_one_line(tools, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 'error: none.yaml: expected a study file' in tools.fail('run_study.py', 'none.yaml')
