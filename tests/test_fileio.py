"""A file is whole or absent, whatever happens while it is written."""

import os

import pytest

from ktda_mmseg.fileio import atomic, remove_partial, write_atomic


def test_a_file_appears_when_its_block_has_succeeded(tmp_path):
    path = tmp_path / 'new' / 'x.pth'
    with atomic(path) as partial:
        partial.write_text('one')
        assert not path.exists() and partial.suffix == '.pth'
    write_atomic(path, b'two', durable=True)
    assert path.read_text() == 'two' and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize('failing', ['fsync', 'replace'])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, failing):
    path = tmp_path / 'x.pth'
    write_atomic(path, b'good')

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match='No space left'):
        write_atomic(path, b'never', durable=True)
    assert path.read_bytes() == b'good' and list(tmp_path.iterdir()) == [path]


def test_what_a_kill_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / 'a').mkdir()
    with pytest.raises(FileNotFoundError), atomic(tmp_path / 'a' / 'x') as partial:
        pass  # nothing was written, so there is nothing to rename
    partial.touch()
    (tmp_path / 'a' / 'partial.x').touch()
    remove_partial(tmp_path)
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['partial.x']
