"""A temperature in a checkpoint changes nothing else in it."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.temperature import temperature_of, write_temperature


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@pytest.mark.parametrize('bare', [False, True])
def test_it_is_read_back(tmp_path, suffix, bare):
    out = tmp_path / f'out{suffix}'
    weights = {'a': torch.ones(2)}
    checkpoint = weights if bare else {'state_dict': weights, 'meta': {'seed': 3}}
    assert temperature_of(checkpoint, 'it') == 1
    write_temperature(checkpoint, 1.5, 'it', out)
    found = read_checkpoint(out)
    assert temperature_of(found, out) == 1.5
    assert torch.equal(found['state_dict']['a'], weights['a'])
    assert bare or found['meta']['seed'] == 3
    assert 'temperature' not in checkpoint.get('meta', {})
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize('value', [0, -1.0, float('nan'), 'warm'])
def test_what_is_no_temperature_is_refused(value):
    with pytest.raises(ValueError, match=r'a\.pth: expected meta\.temperature above 0, found'):
        temperature_of({'meta': {'temperature': value}}, 'a.pth')


def test_training_resumes_from_it_as_without_it(run_config, tmp_path):
    config = Config.fromfile(run_config)
    config.train_cfg.max_iters = 2
    config.default_hooks.checkpoint = dict(
        type='AtomicCheckpointHook', by_epoch=False, interval=1, save_best=None
    )
    config.model.pop('transfer_losses')
    config.model.pop('teacher')
    config.model.type = 'EncoderDecoder'

    def train(name, **changes):
        run = Config({**config.to_dict(), 'work_dir': str(tmp_path / name), **changes})
        run.experiment_name = name
        Runner.from_cfg(run).train()
        return read_checkpoint(tmp_path / name / 'iter_2.pth')

    whole = train('whole')
    half, marked = tmp_path / 'whole' / 'iter_1.pth', tmp_path / 'marked.pth'
    write_temperature(read_checkpoint(half), 1.5, half, marked)
    resumed = train('resumed', resume=True, load_from=str(marked))
    assert 'temperature' not in resumed['meta']
    for key, value in whole['state_dict'].items():
        torch.testing.assert_close(resumed['state_dict'][key], value, rtol=0, atol=0, msg=key)
