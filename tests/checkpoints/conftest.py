"""Running a converter by its command line, in this process."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

CONVERTERS = Path(__file__).resolve().parents[2] / 'tools' / 'model_converters'


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., str]:
    """Run a converter with arguments; return what it printed, or raise ``SystemExit``."""

    def run(script: str, *arguments: object) -> str:
        monkeypatch.syspath_prepend(CONVERTERS)
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        capsys.readouterr()
        runpy.run_path(str(CONVERTERS / script), run_name='__main__')
        return capsys.readouterr().out

    return run


@pytest.fixture
def refusal(tmp_path, command) -> Callable[..., str]:
    """Convert weights that do not fit; return the error, after checking that it left no file."""

    def run(script: str, weights: dict, *arguments: object) -> str:
        source = tmp_path / 'source.pth'
        torch.save(weights, source)
        with pytest.raises(SystemExit) as error:
            command(script, source, tmp_path / 'out.pth', *arguments)
        assert list(tmp_path.iterdir()) == [source]
        assert str(error.value).startswith(f'error: {source}: ')
        return str(error.value)

    return run
