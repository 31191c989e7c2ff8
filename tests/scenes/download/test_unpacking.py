"""An archive gives the wanted folder and nothing else; a hostile one is refused."""

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ktda_mmseg.scenes.download.unpacking import EXPANSION, unpack

from .conftest import FILES, HOLDS, found, write_tar, write_zip


@pytest.mark.parametrize('kind', ['stored', 'deflated', 'tar', 'tar.gz', 'tar.xz'])
@pytest.mark.parametrize('root', ['', 'grass/', 'data/grass/', './grass/'])
def test_the_folder_is_found_at_any_depth(archive, out, kind, root):
    files = {root + name: content for name, content in FILES.items()}
    files = {**files, '__MACOSX/' + root + 'img_dir/train/._a.tif': b'litter', 'README.md': b''}
    files |= {root + 'img_dir/train/.DS_Store': b'litter', root + 'img_dir/train/._a.tif': b''}
    if kind.startswith('tar'):
        write_tar(archive, files, 'w:' + kind[4:])
    else:
        write_zip(archive, files, compression=8 if kind == 'deflated' else 0)
    unpack(archive, out, HOLDS)
    # at the top the README lies in the set's own folder
    assert found(out) == {**FILES, **({} if root.strip('./') else {'README.md': b''})}


def test_folders_of_their_own_are_no_files(archive, out):
    write_zip(archive, {'x/': b'', 'x/img_dir/': b'', **{f'x/{n}': c for n, c in FILES.items()}})
    unpack(archive, out, HOLDS)
    assert found(out) == FILES


@pytest.mark.parametrize('copies', [[], ['one/', 'two/']])
def test_no_or_two_such_folders_are_an_error(archive, out, copies):
    write_zip(archive, {'a': b'', **{c + n: b'' for c in copies for n in FILES}})
    names = ', '.join(copies).replace('/', '') or 'none'
    with pytest.raises(ValueError, match=f'{archive}: expected one folder with .* found {names}$'):
        unpack(archive, out, HOLDS)


@pytest.mark.parametrize('write', [write_zip, write_tar])
@pytest.mark.parametrize(
    'name',
    [
        '../../evil',
        'img_dir/train/../../../evil',
        '/evil',
        '\\evil',
        '..\\evil',
        'img_dir\\train\\b.tif',
        'C:evil',
        'C:/evil',
        '//server/share/evil',
    ],
)
def test_a_name_that_leaves_is_refused(archive, out, name, write):
    write(archive, {**FILES, name: b'evil'})
    with pytest.raises(ValueError, match='expected names inside it, found'):
        unpack(archive, out, HOLDS)
    assert not list(out.iterdir())


def add_to_zip(path: Path, kind: int) -> None:
    with zipfile.ZipFile(path, 'w') as pack:
        info = zipfile.ZipInfo('img_dir/train/link')
        info.external_attr = (kind | 0o777) << 16
        pack.writestr(info, '../../../..')


def add_to_tar(path: Path, kind: bytes) -> None:
    with tarfile.open(path, 'w') as tape:
        info = tarfile.TarInfo('img_dir/train/link')
        info.type, info.linkname = kind, '/etc/passwd'
        tape.addfile(info)


@pytest.mark.parametrize(
    ('add', 'kind'),
    [
        *(
            (add_to_zip, getattr(stat, f'S_IF{kind}'))
            for kind in ('LNK', 'CHR', 'BLK', 'IFO', 'SOCK')
        ),
        *(
            (add_to_tar, getattr(tarfile, f'{kind}TYPE'))
            for kind in ('SYM', 'LNK', 'CHR', 'BLK', 'FIFO')
        ),
    ],
)
def test_links_and_devices_are_refused(archive, out, add, kind):
    add(archive, kind)
    with pytest.raises(ValueError, match='plain files, img_dir/train/link is not one'):
        unpack(archive, out, ['img_dir'])
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    'name', ['img_dir/train/A.TIF', './img_dir//train/a.tif', 'img_dir/train', 'IMG_DIR']
)
def test_two_members_for_one_place_are_refused(archive, out, name):
    write_tar(archive, {**FILES, name: b'again'})
    with pytest.raises(ValueError, match='expected each file once'):
        unpack(archive, out, HOLDS)
    assert not list(out.iterdir())


def test_what_is_there_is_not_replaced(archive, out, tmp_path):
    write_zip(archive, FILES)
    (out / 'img_dir' / 'train').mkdir(parents=True)
    (out / 'img_dir' / 'train' / 'a.tif').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(FileExistsError):
        unpack(archive, out, HOLDS)
    assert not (tmp_path / 'elsewhere').exists()


def test_what_unpacks_to_far_more_is_refused(archive, out):
    write_zip(archive, {**FILES, 'img_dir/train/zeros.tif': bytes(4_000_000)}, compression=8)
    assert 4_000_000 > EXPANSION * archive.stat().st_size
    with pytest.raises(ValueError, match=f'expected at most {EXPANSION} times its'):
        unpack(archive, out, HOLDS)
    assert not list(out.iterdir())


def test_too_full_a_disk_is_said_before_anything_is_written(archive, out, monkeypatch):
    write_zip(archive, FILES)
    usage = shutil.disk_usage(out)._replace(free=3399)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    with pytest.raises(OSError, match=f'{out}: expected 0 MB free, found 0 MB'):
        unpack(archive, out, HOLDS)
    assert not list(out.iterdir())
