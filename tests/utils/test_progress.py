"""A bar follows what others have done, and begins with what was done before."""

from ktda_mmseg.utils import progress as module
from ktda_mmseg.utils.progress import progress

from ..waiting import wait_for


def test_what_others_have_done_is_followed(capsys, monkeypatch):
    monkeypatch.setattr(module, 'POLL', 0.001)
    files = ['a', 'b', 'c']
    with progress(10, 'tile', lambda: len(files)) as bar:
        assert bar.initial == bar.n == 3
        files.append('d')
        wait_for(lambda: bar.n == 4)
        files += ['e'] * 6
    assert bar.n == 10
    assert '10.0/10.0' in capsys.readouterr().err


def test_nothing_to_do_shows_nothing(capsys):
    with progress(0, 'tile') as bar:
        bar.update()
    assert capsys.readouterr().err == ''
