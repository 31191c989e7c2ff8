"""Checkpoints are opened without running what they contain."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader, Runner
from torch import nn
from torch.utils.data import Dataset

from ktda_mmseg.checkpoints import read_checkpoint
from ktda_mmseg.checkpoints.reading import state_dict_of


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *args: object) -> None:
        """Keep the function and its arguments."""
        self.call = (function, args)

    def __reduce__(self) -> tuple:
        """Ask for the call on loading."""
        return self.call


class Regression(BaseModel):
    """The smallest model that a runner trains."""

    def __init__(self) -> None:
        """Make one layer."""
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, inputs: torch.Tensor, mode: str = 'loss') -> dict[str, torch.Tensor]:
        return {'loss': self.layer(torch.stack(inputs)).square().mean()}


class Points(Dataset):
    """Random points with the metadata of a segmentation data set."""

    metainfo: ClassVar = {
        'classes': ('low', 'high'),
        'palette': [[0, 0, 0], [9, 9, 9]],
        'scale': np.ones(2),
    }

    def __len__(self) -> int:
        """Return the number of points."""
        return 4

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Return one point."""
        return {'inputs': torch.full((2,), float(index))}


def test_what_a_runner_saves_opens_safely(tmp_path: Path) -> None:
    runner = Runner(
        Regression(),
        work_dir=str(tmp_path),
        train_dataloader={
            'dataset': Points(),
            'batch_size': 2,
            'num_workers': 0,
            'sampler': {'type': 'DefaultSampler'},
        },
        train_cfg={'type': 'IterBasedTrainLoop', 'max_iters': 2},
        optim_wrapper={'optimizer': {'type': 'AdamW', 'lr': 1e-3}},
        param_scheduler={'type': 'MultiStepLR', 'milestones': [1], 'by_epoch': False},
        default_hooks={'checkpoint': {'type': 'CheckpointHook', 'interval': 2, 'by_epoch': False}},
        log_level='ERROR',
    )
    runner.message_hub.update_info('best_score', np.float32(0.5))
    runner.train()
    checkpoint = read_checkpoint(tmp_path / 'iter_2.pth')
    torch.testing.assert_close(checkpoint['state_dict'], runner.model.state_dict())
    assert {'optimizer', 'param_schedulers', 'message_hub', 'meta'} <= checkpoint.keys()
    loss = checkpoint['message_hub']['log_scalars']['train/loss']
    assert loss.statistics('mean') == pytest.approx(np.mean(loss.data[0]))


@pytest.mark.parametrize('code', ['?', 'b', 'i', 'q', 'B', 'e', 'f', 'd'])
def test_numpy_numbers_open_safely(tmp_path: Path, code: str) -> None:
    number = np.dtype(code).type(1)
    torch.save(
        {'w': torch.ones(1), 'number': number, 'array': np.array([number])}, tmp_path / 'a.pth'
    )
    checkpoint = read_checkpoint(tmp_path / 'a.pth')
    assert checkpoint['number'] == number and checkpoint['number'].dtype == number.dtype
    np.testing.assert_array_equal(checkpoint['array'], [number])


@pytest.mark.parametrize(
    ('attack', 'named'),
    [
        (Call(exec, 'raise SystemExit'), 'exec'),
        (Call(getattr, np.ndarray, 'tofile'), 'tofile'),
        (Call(getattr, HistoryBuffer, '__init__'), '__init__'),
        (Call(getattr, HistoryBuffer, 'register_statistics'), 'register_statistics'),
        (Call(Path, 'x'), 'Path'),
    ],
)
def test_foreign_globals_are_refused_by_name(tmp_path: Path, attack: Call, named: str) -> None:
    path = tmp_path / 'attack.pth'
    torch.save({'state_dict': {}, 'attack': attack}, path)
    with pytest.raises(ValueError, match=rf'attack\.pth needs .*{named}.*--allow-pickle'):
        read_checkpoint(path)


def test_flag_opens_what_needs_pickle(tmp_path: Path) -> None:
    torch.save({'where': Path('x')}, tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth', allow_pickle=True) == {'where': Path('x')}


def test_allowance_ends_with_the_call(tmp_path: Path) -> None:
    torch.save({'buffer': HistoryBuffer([1.0], [1])}, tmp_path / 'a.pth')
    read_checkpoint(tmp_path / 'a.pth')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'a.pth', weights_only=True)


def test_mmengine_loads_its_own_files_without_unpickling_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'a.pth'
    torch.save({'score': np.float32(1), 'buffer': HistoryBuffer([1.0], [1])}, path)
    read_checkpoint(path)  # must not undo what follows
    found = CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    assert found['score'] == 1 and found['buffer'].current() == 1
    assert 'weights_only=False' not in capsys.readouterr().out
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth'):
        read_checkpoint(tmp_path / 'nowhere.pth')


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('kept', [0.0, 0.05, 0.5, 0.95])
def test_truncated_file_is_named(tmp_path: Path, zipped: bool, kept: float) -> None:
    path = tmp_path / 'cut.pth'
    torch.save({'w': torch.randn(64, 64)}, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    for allow_pickle in (False, True):
        with pytest.raises(ValueError, match=r'cut\.pth is damaged or no checkpoint'):
            read_checkpoint(path, allow_pickle=allow_pickle)


@pytest.mark.parametrize(
    'content', [b'<html>not found</html>', b'\x89PNG\r\n', b'version https://git-lfs']
)
def test_other_files_are_no_checkpoints(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'page.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'page\.pth is damaged or no checkpoint'):
        read_checkpoint(path)


def test_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip('safetensors.torch')
    path = tmp_path / 'a.safetensors'
    safetensors.save_file({'w': torch.arange(4.0)}, path, metadata={'note': 'x'})
    checkpoint = read_checkpoint(path)
    assert checkpoint['meta'] == {'note': 'x'}
    torch.testing.assert_close(checkpoint['state_dict']['w'], torch.arange(4.0))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r'a\.safetensors is damaged'):
        read_checkpoint(path)


def test_bare_tensor_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save(torch.ones(2), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='expected a dictionary of weights, got a Tensor'):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize('holder', ['state_dict', 'model', None])
@pytest.mark.parametrize('wrapper', ['', 'module.'])
def test_weights_are_found_in_every_layout(holder: str | None, wrapper: str) -> None:
    weights = {f'{wrapper}a.weight': torch.ones(1), f'{wrapper}b': torch.zeros(2)}
    checkpoint = {holder: weights, 'epoch': 3} if holder else weights
    assert state_dict_of(checkpoint, 'a.pth').keys() == {'a.weight', 'b'}


def test_unknown_layout_lists_what_it_has() -> None:
    with pytest.raises(ValueError, match=r'a\.pth: expected weights .* found epoch, net'):
        state_dict_of({'epoch': 1, 'net': {}}, 'a.pth')
