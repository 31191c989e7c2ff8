"""A transfer goes on where it broke, never mixes two versions, and ends whole or not at all."""

import hashlib
import shutil
from collections import namedtuple

import pytest

from ktda_mmseg.utils import downloading as transfer
from ktda_mmseg.utils.downloading import TRIES, fetch
from ktda_mmseg.utils.files import hash_of, require_space

LONG = bytes(range(251)) * 5000  # 1.25 MB, with a period that no block size has


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'file'


@pytest.fixture
def note(tmp_path):
    return tmp_path / 'note'


def ranges(server) -> list[str | None]:
    return [part for _, part in server.seen]


@pytest.mark.parametrize('chunked', [False, True])
def test_a_cut_transfer_goes_on_where_it_broke(server, path, chunked):
    server.content, server.chunked, server.faults = LONG, chunked, ['cut']
    assert fetch(server.url, path) == hashlib.sha256(LONG).hexdigest()
    assert path.read_bytes() == LONG
    (first, second) = ranges(server)
    # the frame of a chunk is part of the 100,000 bytes
    assert first is None and 99_900 < int(second[len('bytes=') : -1]) <= 100_000


def test_any_number_of_cuts_is_survived_while_something_comes(server, path):
    server.content, server.faults = LONG, ['cut'] * 11
    fetch(server.url, path)
    assert path.read_bytes() == LONG and len(server.seen) == 12 > TRIES


@pytest.mark.parametrize('fault', ['cut', 'stall', 503])
def test_tries_that_bring_nothing_more_end(server, path, fault, capsys):
    server.ranges, server.faults = '', [fault] * 50
    with pytest.raises(ValueError, match=f'{server.url} could not be downloaded'):
        # a stall that is given up before a busy machine has answered would count as another
        fetch(server.url, path, timeout=1 if fault == 'stall' else 60)
    assert len(server.seen) == TRIES + (fault != 503)
    assert 'trying again in 0.002 s' in capsys.readouterr().err


@pytest.mark.parametrize('status', [403, 404])
def test_a_refusal_is_final(server, path, status):
    server.faults = [status]
    with pytest.raises(ValueError, match=f'could not be downloaded: HTTP Error {status}'):
        fetch(server.url, path)
    assert len(server.seen) == 1


def test_an_address_that_is_none_is_refused_at_once(server, path, capsys):
    with pytest.raises(ValueError, match='htp://x could not be downloaded.*unknown url type'):
        fetch('htp://x', path)
    assert 'trying again' not in capsys.readouterr().err


@pytest.mark.parametrize(
    'versions', [{}, {'ETag': 'W/"one"'}], ids=['no validator', 'weak validator']
)
def test_what_cannot_be_told_apart_starts_again(server, path, versions):
    server.versions, server.ranges, server.faults = versions, 'careless', ['cut']
    fetch(server.url, path)
    assert path.read_bytes() == server.content and ranges(server) == [None, None]


def test_the_time_of_change_tells_versions_apart(server, path):
    server.versions = {'ETag': 'W/"one"', 'Last-Modified': 'Tue, 03 Dec 2024 10:00:00 GMT'}
    server.faults = ['cut']
    fetch(server.url, path)
    assert path.read_bytes() == server.content and ranges(server) == [None, 'bytes=100000-']


def test_a_server_without_ranges_sends_all_again(server, path):
    server.ranges, server.faults = '', ['cut']
    fetch(server.url, path)
    assert path.read_bytes() == server.content


def test_another_range_than_asked_for_is_not_appended(server, path):
    server.ranges, server.faults = 'wrong', ['cut']
    fetch(server.url, path)
    assert path.read_bytes() == server.content and ranges(server)[2] is None


@pytest.mark.parametrize('kind', ['careful', 'careless'])
@pytest.mark.parametrize('changed', ['ETag', 'size'])
def test_a_file_that_changed_starts_again(server, path, note, kind, changed):
    server.ranges, server.faults = kind, ['cut', 404]
    with pytest.raises(ValueError, match='404'):
        fetch(server.url, path, note=note)
    server.content = LONG
    if changed == 'ETag':
        server.content, server.versions = server.content[:307_200], {'ETag': '"two"'}
    fetch(server.url, path, note=note)
    assert path.read_bytes() == server.content


def test_a_later_call_goes_on(server, path, note):
    server.faults = ['cut', 404]
    with pytest.raises(ValueError, match='404'):
        fetch(server.url, path, note=note)
    assert path.read_bytes() == server.content[:100_000]
    fetch(server.url, path, note=note)
    assert path.read_bytes() == server.content and ranges(server)[-1] == 'bytes=100000-'
    assert not note.exists()


def test_a_later_call_finds_all_there(server, path, note, monkeypatch):
    monkeypatch.setattr(transfer._Transfer, 'verify', lambda self, sha256: '')
    fetch(server.url, path, note=note)  # as if stopped before it was verified
    monkeypatch.undo()
    fetch(server.url, path, note=note)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    'trace', ['{"url": "http://other/", "validator": "\\"one\\""}', '{"u', '7']
)
def test_traces_of_another_file_are_not_continued(server, path, note, trace):
    path.write_bytes(b'other')
    note.write_text(trace)
    fetch(server.url, path, note=note)
    assert path.read_bytes() == server.content and ranges(server) == [None]


def test_a_range_that_the_server_refuses_starts_again(server, path):
    server.faults = ['cut', 416]
    fetch(server.url, path)
    assert path.read_bytes() == server.content and ranges(server)[2] is None


@pytest.mark.parametrize('expected', ['given', 'stated by the hub'])
def test_another_hash_than_expected_is_discarded(server, path, note, expected):
    server.faults = ['hub', 'corrupt'] if expected != 'given' else ['corrupt']
    sha256 = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(ValueError, match=f'SHA-256 {sha256}..., got .*discarded'):
        fetch(server.url, path, sha256 if expected == 'given' else '', note=note)
    assert not path.exists() and not note.exists()


def test_the_hub_redirects_each_try(server, path):
    server.faults = ['hub', 'cut', 'hub']
    assert fetch(f'{server.url}/file', path) == hash_of(path)
    assert server.seen[2:] == [('/file', 'bytes=100000-'), ('/elsewhere', 'bytes=100000-')]


def test_too_full_a_disk_is_said_before_anything_is_written(server, path, monkeypatch):
    usage = namedtuple('usage', 'free')
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage(300_000))
    with pytest.raises(ValueError, match='expected 0 MB free'):
        fetch(server.url, path)
    assert path.stat().st_size == 0
    require_space(path.parent, 300_000)
    with pytest.raises(OSError, match=f'{path.parent}: expected 0 MB free, found 0 MB'):
        require_space(path.parent, 300_001)
