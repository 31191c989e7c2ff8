import os

import pytest
from mmengine.registry import MODELS
from torch.utils.data import DataLoader, Dataset

from ktda_mmseg.datasets import GrassDataset
from ktda_mmseg.engine import launch
from ktda_mmseg.engine.launch import clean_errors, start_cpu_group


class Broken(Dataset):
    """Raises in a worker what the package raises for a bad file."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        GrassDataset(data_root='nowhere', data_prefix=dict(img_path='images'))


def fails_in_package():
    GrassDataset(data_root='nowhere', data_prefix=dict(img_path='images'))


def fails_in_worker():
    next(iter(DataLoader(Broken(), num_workers=1)))


def fails_in_config():
    MODELS.build(dict(type='mmseg.FAM', in_channels=[1], out_channels=1, patchsize=14))


@pytest.mark.parametrize(
    ('fail', 'message'),
    [
        (fails_in_package, 'nowhere'),
        (fails_in_worker, 'nowhere'),
        (fails_in_config, "unexpected keyword argument 'patchsize'"),
    ],
)
def test_what_the_user_can_mend_ends_in_one_line(fail, message):
    with pytest.raises(SystemExit) as exit_, clean_errors():
        fail()
    error, hint = exit_.value.code.splitlines()
    assert error.startswith('error: ')
    assert message in error
    assert hint.startswith('(KTDA_TRACEBACK=1')


def test_the_traceback_can_be_had(monkeypatch):
    monkeypatch.setenv('KTDA_TRACEBACK', '1')
    with pytest.raises(FileNotFoundError), clean_errors():
        fails_in_package()


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ValueError, match='invalid literal'), clean_errors():
        int('x')


def test_a_single_process_and_a_gpu_need_no_group(monkeypatch):
    assert start_cpu_group('none') == {}
    monkeypatch.setattr(launch, 'get_device', lambda: 'cuda')
    monkeypatch.setitem(os.environ, 'RANK', '0')
    assert start_cpu_group('pytorch') == {}


def test_pytorch_outside_torchrun_is_refused(monkeypatch):
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(ValueError, match='torchrun, got a plain process'):
        start_cpu_group('pytorch')


def test_slurm_without_a_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(launch, 'get_device', lambda: 'cpu')
    with pytest.raises(ValueError, match='expected launcher pytorch .* got slurm'):
        start_cpu_group('slurm')
