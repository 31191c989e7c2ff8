import pytest
from mmengine.config import Config

from ktda_mmseg.engine.run_config import add_hooks, resume_from, set_work_dir


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
