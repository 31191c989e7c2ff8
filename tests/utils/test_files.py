"""A file is whole or absent, whatever happens while it is written."""

import os

import pytest

from ktda_mmseg.utils.files import atomic, read_text, remove_partial, write_atomic


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


@pytest.mark.parametrize(
    'encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-32']
)
def test_text_of_any_editor_is_read(tmp_path, encoding):
    path = tmp_path / 'list.txt'
    path.write_bytes('sc\u00e8ne.tif\r\nb.tif\r\n'.encode(encoding))
    assert read_text(path).splitlines() == ['sc\u00e8ne.tif', 'b.tif']


def test_text_in_latin_1_is_named_with_its_line(tmp_path):
    path = tmp_path / 'classes.yaml'
    path.write_bytes('classes:\n  for\u00eat: {labels: [1]}\n'.encode('latin-1'))
    with pytest.raises(ValueError, match=r'classes\.yaml: .* UTF-8, .* line 2 .* save .* UTF-8'):
        read_text(path)
