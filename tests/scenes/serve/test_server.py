"""A server that is told to end does so, and leaves nothing."""

import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip('fastapi', reason='the page needs the extra serve')
pytest.importorskip('rasterio')
ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import runpy
from ktda_mmseg.scenes.serve.jobs import Limits
from ktda_mmseg.scenes.serve.server import serve

model = runpy.run_path('tests/scenes/serve/bright_or_dark.py')['BrightOrDark']()
model.gate.clear()
model.gate.wait = lambda seconds: __import__('time').sleep(0.5)
serve({'rgb': model}, '127.0.0.1', 0, Limits())
"""


@pytest.mark.slow
def test_a_terminated_server_stops_its_work_and_removes_its_files(scene, tmp_path, site):
    (tmp_path / 'own').mkdir()
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'TMPDIR': str(tmp_path / 'own')}
    with subprocess.Popen(
        [sys.executable, '-c', SCRIPT], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        address = re.compile(r'running on http://127\.0\.0\.1:(\d+)')
        (port,) = next(filter(None, map(address.search, server.stderr))).groups()
        other = type(site)(int(port), site.model, tmp_path / 'own')
        job, _, _ = other.send(scene)
        other.wait(job, 'running')
        assert list((tmp_path / 'own').glob('ktda-serve-*'))
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=200)
    assert not list((tmp_path / 'own').glob('ktda-serve-*'))


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'uvicorn', None)
    monkeypatch.delitem(sys.modules, 'ktda_mmseg.scenes.serve.server', raising=False)
    with pytest.raises(ImportError, match=r"needs uvicorn: pip install 'ktda-mmseg\[serve\]'"):
        import_module('ktda_mmseg.scenes.serve.server')
