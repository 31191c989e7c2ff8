"""A claim is of one process, and a GPU of one worker."""

import multiprocessing
import time

import pytest
import torch

from ktda_mmseg.utils import claims
from ktda_mmseg.utils.claims import claim, gpu
from ktda_mmseg.utils.workers import Workers


@pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')
def test_a_claim_is_of_one_and_ends_with_its_process(tmp_path):
    fork = multiprocessing.get_context('fork')
    path, (pipe, end) = tmp_path / 'folder' / 'lock', fork.Pipe()

    def work():
        held = claim(path)
        end.send(held is not None)
        # what it starts does not hold it
        fork.Process(target=time.sleep, args=(60,)).start()
        end.send(True)
        time.sleep(60)

    process = fork.Process(target=work)
    process.start()
    assert pipe.recv() and pipe.recv() and claim(path) is None
    process.kill()
    process.join()
    held = claim(path)
    assert held is not None and claim(path) is None
    held.release()
    assert claim(path) is not None


def test_each_process_takes_a_gpu_of_its_own(tmp_path, monkeypatch):
    """GPUs are made up: what is shown is who takes which."""
    monkeypatch.setattr(claims.tempfile, 'gettempdir', lambda: str(tmp_path))
    monkeypatch.setattr(claims, '_claims', [])
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 3)
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '4,5,7')
    choose = gpu.__wrapped__  # as other processes do
    assert [choose(), choose()] == [0, 1]
    # who sees the same ones in another order finds those that are left
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '5,4,7')
    assert choose() == 2
    assert choose() in range(3), 'more workers than GPUs share them'
    assert Workers().size() == 3
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    assert choose() is None and Workers().size() == 1
