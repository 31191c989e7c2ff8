"""A published set arrives whole, says what it is, and goes on where it was stopped."""

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import replace

import pytest

from ktda_mmseg.scenes.download import download as downloading
from ktda_mmseg.scenes.download.download import SETS, content_digest, download

FILES = {
    f'grass/{kind}/{split}/{name}': f'{kind}/{split}/{name}'.encode() * 2000
    for kind in ('img_dir', 'ann_dir')
    for split in ('train', 'val')
    for name in ('a.png', 'b.png')
}


def pack(files: dict) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def hub(server):
    """Serve a small grass set."""
    server.content = pack(FILES)
    return server


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'data' / 'grass'


def assert_is_the_set(out) -> None:
    content = {f'grass/{path.relative_to(out)}' for path in out.rglob('*') if path.is_file()}
    assert content == {*FILES, 'grass/download.json'}
    assert all((out.parent / name).read_bytes() == FILES[name] for name in FILES)


def test_a_set_arrives_and_says_what_it_is(hub, out, capsys):
    hub.faults = ['hub']
    last = download('grass', out, root=f'{hub.url}/')
    said = capsys.readouterr().out
    assert 'CC BY-NC 4.0: no commercial use' in said and 'about 180 MB' in said
    assert f'{hub.url}/datasets/XavierJiezou/ktda-datasets/resolve/main/grass.zip' in said
    digest = hashlib.sha256(hub.content).hexdigest()
    assert f'written to {out}: {len(hub.content)} bytes with SHA-256 {digest}' in last
    assert 'next: ktda check ktda_mmseg::ktda/grass.py && ktda train' in last
    record = json.loads((out / 'download.json').read_text())
    assert (record['set'], record['sha256']) == ('grass', digest)
    assert_is_the_set(out)
    assert [path.name for path in out.parent.iterdir()] == ['grass']


def test_a_set_that_is_there_is_not_fetched_again(hub, out):
    download('grass', out, url=hub.url)
    (out.parent / 'grass.download').mkdir()  # as if stopped just before its removal
    assert f'{out} is there already\nnext: ' in download('grass', out, url=hub.url)
    assert len(hub.seen) == 1 and not (out.parent / 'grass.download').exists()


@pytest.mark.parametrize('record', [None, '{"set": "cloud"}', '{}'])
def test_another_folder_is_left_alone(hub, out, record):
    out.mkdir(parents=True)
    if record:
        (out / 'download.json').write_text(record)
    with pytest.raises(FileExistsError, match=f'{out}: expected no folder, or grass'):
        download('grass', out, url=hub.url)
    assert out.is_dir() and not hub.seen


def test_the_archive_may_be_kept(hub, out):
    download('grass', out, url=hub.url, keep_archive=True)
    assert (out.parent / 'grass.zip').read_bytes() == hub.content
    assert {path.name for path in out.parent.iterdir()} == {'grass', 'grass.zip'}


def test_a_broken_transfer_goes_on_in_the_next_run(hub, out):
    hub.faults = ['cut', 404]
    with pytest.raises(ValueError, match='404'):
        download('grass', out, url=hub.url)
    assert not out.exists()
    download('grass', out, url=hub.url)
    assert [part for _, part in hub.seen] == [None, 'bytes=100000-', 'bytes=100000-']
    assert_is_the_set(out)


def test_stopped_unpacking_goes_on_without_a_transfer(hub, out, monkeypatch):
    def stop(archive, content, holds):
        (content / 'half').write_bytes(b'')
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(downloading, 'unpack', stop)
        download('grass', out, url=hub.url)
    download('grass', out, url=hub.url)
    assert len(hub.seen) == 1
    assert_is_the_set(out)


def test_another_address_starts_another_file(hub, out):
    hub.faults = ['cut', 404]
    with pytest.raises(ValueError, match='404'):
        download('grass', out, url=f'{hub.url}/one')
    hub.content = pack({**FILES, 'grass/README.md': b''})
    download('grass', out, url=f'{hub.url}/two')
    assert (out / 'README.md').exists()


@pytest.mark.parametrize('stated', [True, False])
def test_a_corrupt_transfer_is_discarded_and_comes_again(hub, out, stated):
    hub.faults = ['hub', 'corrupt'] if stated else ['corrupt']
    with pytest.raises(ValueError, match=f'{hub.url}.* discarded'):
        download('grass', out, url=hub.url)
    assert not out.exists()
    download('grass', out, url=hub.url)
    assert_is_the_set(out)


def test_an_archive_with_another_layout_is_kept_for_a_look(hub, out):
    hub.content = pack({'grass/images/a.png': b''})
    with pytest.raises(ValueError, match=r'expected one folder with img_dir/train, .* found none'):
        download('grass', out, url=hub.url)
    hub.content = pack(FILES)
    with pytest.raises(ValueError, match='found none'):
        download('grass', out, url=hub.url)
    assert len(hub.seen) == 1
    download('grass', out, url=f'{hub.url}/elsewhere')
    assert_is_the_set(out)


def test_contents_are_compared_with_those_of_the_catalogue(hub, out, monkeypatch, tmp_path):
    """They are named by what ``sha256sum`` says of them."""
    root = tmp_path / 'grass'
    with zipfile.ZipFile(io.BytesIO(hub.content)) as archive:
        archive.extractall(tmp_path)
    names = sorted(str(path.relative_to(root)) for path in root.rglob('*.png'))
    listed = subprocess.run(['sha256sum', *names], cwd=root, check=True, capture_output=True)
    digest = hashlib.sha256(listed.stdout).hexdigest()
    monkeypatch.setitem(SETS, 'grass', replace(SETS['grass'], content='0' * 64))
    with pytest.raises(ValueError, match=f'expected the content {"0" * 64}, got {digest}; .*again'):
        download('grass', out, url=hub.url)
    monkeypatch.setitem(SETS, 'grass', replace(SETS['grass'], content=digest))
    download('grass', out, url=hub.url)
    assert len(hub.seen) == 2


@pytest.mark.parametrize('name', ['l8_biome_sample', 'dubai'])
def test_the_real_sets_have_the_content_that_the_catalogue_names(shared, tmp_path, name):
    ignored = shutil.ignore_patterns('LICENSE')  # put there later
    shutil.copytree(
        shared / 'data' / name, tmp_path / name, copy_function=os.symlink, ignore=ignored
    )
    assert content_digest(tmp_path / name) == SETS[name].content


def test_too_full_a_disk_is_said_before_the_transfer(hub, out, monkeypatch):
    usage = shutil.disk_usage('/')._replace(free=359_999_999)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    with pytest.raises(OSError, match='expected 360 MB free, found 360 MB'):
        download('grass', out, url=hub.url)
    assert not hub.seen


def test_two_processes_do_not_mix_their_work(hub, out):
    work = out.parent / 'grass.download'
    work.mkdir(parents=True)
    with (work / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OSError, match=f'{work}: another process is at work there'):
            download('grass', out, url=hub.url)
    assert not hub.seen


def test_an_unknown_set_is_refused():
    with pytest.raises(ValueError, match='expected one of grass, cloud, .* got grassland'):
        download('grassland')
