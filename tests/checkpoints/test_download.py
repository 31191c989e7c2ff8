"""Downloads arrive whole and verified, or leave nothing behind."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest
import torch

from ktda_mmseg.checkpoints.download import local_file

CONTENT = bytes(range(256)) * 1200
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAMED = f'vit-{DIGEST[:8]}.pth'


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    return tmp_path / 'checkpoints'


def test_file_is_fetched_once(server, cache):
    first = local_file(f'{server.url}/{NAMED}')
    assert first == cache / NAMED and first.read_bytes() == CONTENT
    assert local_file(f'{server.url}/{NAMED}') == first
    assert len(server.seen) == 1


def test_progress_is_shown(server, cache, capsys):
    local_file(f'{server.url}/{NAMED}')
    assert '307k/307k' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('cut', 'expected 307200 bytes, got 100000'),
        ('corrupt', f'expected SHA-256 {DIGEST[:8]}..., got '),
        (404, 'could not be downloaded: HTTP Error 404'),
        ('stall', 'could not be downloaded: .*timed out'),
    ],
)
@pytest.mark.parametrize('name', [NAMED, 'vit.pth'])
def test_lasting_fault_leaves_the_cache_empty(server, cache, fault, message, name):
    server.ranges, server.faults = '', [fault] * 10
    sha256 = DIGEST[:8] if fault == 'corrupt' else ''
    with pytest.raises(ValueError, match=message) as error:
        # only what stalls may be given up early
        timeout = 0.1 if fault == 'stall' else 60
        local_file(f'{server.url}/{name}', sha256=sha256, timeout=timeout)
    assert f'{server.url}/{name}' in str(error.value)
    assert list(cache.iterdir()) == []


def test_no_server_is_one_clear_error(server, cache):
    with socket.socket() as reserved:  # a port that nobody listens on
        reserved.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{reserved.getsockname()[1]}/a.pth'
        with pytest.raises(ValueError, match=f'{url} could not be downloaded') as error:
            local_file(url, timeout=60)
    # whoever has no network brings the file by hand
    place = Path(str(error.value).rpartition(' looked for at ')[2])
    place.write_bytes(CONTENT)
    assert local_file(url) == place


def test_damaged_cache_is_replaced(server, cache):
    cache.mkdir(parents=True)
    (cache / NAMED).write_bytes(CONTENT[:50])
    assert local_file(f'{server.url}/{NAMED}').read_bytes() == CONTENT


def test_same_name_from_two_places_is_two_files(server, cache):
    good, other = f'{server.url}/good/model.pth', f'{server.url}/other/model.pth'
    assert local_file(good).read_bytes() == CONTENT
    server.content = CONTENT[::-1]
    assert local_file(other).read_bytes() == CONTENT[::-1]
    assert local_file(good).read_bytes() == CONTENT
