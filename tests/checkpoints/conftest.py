"""Running a converter by its command line, in this process."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONVERTERS = Path(__file__).resolve().parents[2] / 'tools' / 'model_converters'


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., str]:
    """Run a converter with arguments; return what it printed, or raise ``SystemExit``."""

    def run(script: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, 'argv', [script, *map(str, arguments)])
        capsys.readouterr()
        runpy.run_path(str(CONVERTERS / script), run_name='__main__')
        return capsys.readouterr().out

    return run
