"""Files are whole or absent, and an old checkpoint outlives the writing of the next."""

import os

import pytest

from ktda_mmseg.engine import AtomicBackend


def test_put_replaces_as_a_whole(tmp_path):
    backend, path = AtomicBackend(), tmp_path / 'new' / 'x.pth'
    backend.put(b'one', path)
    backend.put_text('two', path)
    assert path.read_text() == 'two'
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    backend, path = AtomicBackend(), tmp_path / 'x.pth'
    backend.put(b'good', path)

    def full(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        backend.put(b'never', path)
    assert path.read_bytes() == b'good'
