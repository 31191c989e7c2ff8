"""The tools, called as from a shell but in this process."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run_tool(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs a tool with arguments and returns what it printed."""

    def run(name: str, *args: object) -> str:
        script = ROOT / 'tools' / name
        monkeypatch.setattr(sys, 'argv', [str(script), *map(str, args)])
        monkeypatch.setattr(sys, 'path', [str(script.parent), *sys.path])
        runpy.run_path(str(script), run_name='__main__')
        return capsys.readouterr().out

    return run
