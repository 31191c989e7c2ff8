import os

import pytest

from ktda_mmseg.engine import launch
from ktda_mmseg.engine.launch import start_cpu_group


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
