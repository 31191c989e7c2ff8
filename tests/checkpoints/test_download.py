"""Downloads arrive whole and verified, or leave nothing behind."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from ktda_mmseg.checkpoints.download import local_file

CONTENT = bytes(range(256)) * 1200
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAMED = f'vit-{DIGEST[:8]}.pth'


class Weights(BaseHTTPRequestHandler):
    """Serves CONTENT, damaged in the way that the first folder of the address says."""

    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.requests.append(self.path)
        fault = self.path.split('/')[1]
        if fault == 'absent':
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(CONTENT)))
        self.end_headers()
        if fault in ('cut', 'stall'):
            self.wfile.write(CONTENT[:100_000])
            self.wfile.flush()
            time.sleep(1.5 if fault == 'stall' else 0)
        else:
            self.wfile.write(CONTENT[::-1] if fault == 'corrupt' else CONTENT)

    def log_message(self, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    Weights.requests = []
    server = ThreadingHTTPServer(('127.0.0.1', 0), Weights)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    return tmp_path / 'checkpoints'


def test_file_is_fetched_once(server: str, cache: Path) -> None:
    first = local_file(f'{server}/good/{NAMED}')
    assert first == cache / NAMED and first.read_bytes() == CONTENT
    assert local_file(f'{server}/good/{NAMED}') == first
    assert len(Weights.requests) == 1


def test_progress_is_shown(server: str, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local_file(f'{server}/good/{NAMED}')
    assert '307k/307k' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('cut', 'expected 307200 bytes, got 100000'),
        ('corrupt', f'expected SHA-256 {DIGEST[:8]}..., got '),
        ('absent', 'could not be downloaded: HTTP Error 404'),
        ('stall', 'could not be downloaded: .*timed out'),
    ],
)
@pytest.mark.parametrize('name', [NAMED, 'vit.pth'])
def test_fault_leaves_the_cache_empty(
    server: str, cache: Path, fault: str, message: str, name: str
) -> None:
    sha256 = DIGEST[:8] if fault == 'corrupt' else ''
    with pytest.raises(ValueError, match=message) as error:
        local_file(f'{server}/{fault}/{name}', sha256=sha256, timeout=0.3)
    assert f'{server}/{fault}/{name}' in str(error.value)
    assert list(cache.iterdir()) == []


def test_no_server_is_one_clear_error(cache: Path) -> None:
    with pytest.raises(ValueError, match=r'http://127\.0\.0\.1:9/a\.pth could not be downloaded'):
        local_file('http://127.0.0.1:9/a.pth', timeout=0.3)


def test_damaged_cache_is_replaced(server: str, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / NAMED).write_bytes(CONTENT[:50])
    assert local_file(f'{server}/good/{NAMED}').read_bytes() == CONTENT


def test_same_name_from_two_places_is_two_files(server: str, cache: Path) -> None:
    good, other = f'{server}/good/model.pth', f'{server}/corrupt/model.pth'
    assert local_file(good).read_bytes() == CONTENT
    assert local_file(other).read_bytes() == CONTENT[::-1]
