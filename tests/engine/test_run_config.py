import pytest
from mmengine.config import Config

from ktda_mmseg.engine.run_config import (
    add_hooks,
    resume_from,
    set_work_dir,
    shorten_warm_up,
)


@pytest.mark.parametrize(
    ('given', 'own', 'expected'),
    [('cli', 'own', 'cli'), (None, 'own', 'own'), (None, None, 'work_dirs/grass')],
)
def test_work_dir(given, own, expected):
    config = Config(dict(work_dir=own), filename='configs/ktda/grass.py')
    set_work_dir(config, given)
    assert config.work_dir == expected


@pytest.mark.parametrize('sampler', ['ResumableSampler', 'DefaultSampler'])
def test_hooks_are_added_once_and_where_they_are_needed(sampler):
    own = dict(type='CompileHook', priority='LOW')
    config = Config(dict(train_dataloader=dict(sampler=dict(type=sampler)), custom_hooks=[own]))
    for _ in range(2):
        add_hooks(config, compiled=True, channels_last=True)
    exact = ['ExactResumeHook'] * (sampler == 'ResumableSampler')
    types = [hook['type'] for hook in config.custom_hooks]
    assert types == ['CompileHook', 'FitHook', 'ChannelsLastHook', *exact]
    assert config.custom_hooks[0] == own


def test_latest_checkpoint_is_resumed_even_where_the_config_loads_another(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('run/iter_4.pth')
    config = Config(dict(work_dir=str(tmp_path), load_from='pretrained.pth'))
    resume_from(config)
    assert (config.resume, config.load_from) == (True, 'run/iter_4.pth')


def test_a_given_checkpoint_wins_over_the_latest(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('run/iter_4.pth')
    config = Config(dict(work_dir=str(tmp_path)))
    resume_from(config, 'run/iter_2.pth')
    assert (config.resume, config.load_from) == (True, 'run/iter_2.pth')


def test_nothing_to_resume_starts_fresh_and_says_so(tmp_path, capsys):
    config = Config(dict(work_dir=str(tmp_path), resume=False, load_from='pretrained.pth'))
    resume_from(config)
    assert (config.resume, config.load_from) == (False, 'pretrained.pth')
    assert capsys.readouterr().out == (
        f'Nothing to resume: no checkpoint in {tmp_path}. Starting fresh.\n'
    )


def schedule(length, key='max_iters', by_epoch=False):
    """That of configs/_base_/schedules/steps.py."""
    warmup = dict(type='LinearLR', by_epoch=by_epoch, begin=0, end=50)
    cosine = dict(type='CosineAnnealingLR', by_epoch=by_epoch, begin=50)
    return Config(dict(param_scheduler=[warmup, cosine], train_cfg={key: length}))


@pytest.mark.parametrize(
    ('length', 'ends'), [(51, (50, 50)), (50, (25, 25)), (3, (1, 1)), (1, (None, 0))]
)
@pytest.mark.parametrize(('key', 'by_epoch'), [('max_iters', False), ('max_epochs', True)])
def test_a_warm_up_ends_within_training(length, ends, key, by_epoch, capsys):
    config = schedule(length, key, by_epoch)
    shorten_warm_up(config)
    *warmup, cosine = config.param_scheduler
    assert (warmup[0].end if warmup else None, cosine.begin) == ends
    said = f'Training ends before its warm-up of 50 steps: it takes {ends[1]} of them.\n'
    assert capsys.readouterr().out == (said if length < 51 else '')


def test_schedules_that_say_their_end_are_left_alone():
    config = schedule(10)
    config.param_scheduler[1].end = 2000
    before = config.to_dict()
    shorten_warm_up(config)
    shorten_warm_up(Config(dict(param_scheduler=dict(type='PolyLR'), train_cfg=None)))
    assert config.to_dict() == before
