"""The backend that checkpoints are written with replaces files as a whole."""

from ktda_mmseg.engine import AtomicBackend


def test_put_replaces_as_a_whole(tmp_path):
    backend, path = AtomicBackend(), tmp_path / 'new' / 'x.pth'
    backend.put(b'one', path)
    backend.put_text('two', path)
    assert path.read_text() == 'two'
    assert list(path.parent.iterdir()) == [path]
