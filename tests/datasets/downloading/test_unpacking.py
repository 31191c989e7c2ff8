"""An archive gives the wanted folder and nothing else; a hostile or damaged one is refused."""

import io
import os
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from ktda_mmseg.datasets.downloading.members import EXPANSION, DamagedArchiveError
from ktda_mmseg.datasets.downloading.unpacking import unpack

HOLDS = ('img_dir/train', 'ann_dir/train')
FILES = {'img_dir/train/a.tif': os.urandom(3000), 'ann_dir/train/a.png': b'mask' * 100}


@pytest.fixture
def archive(tmp_path):
    return tmp_path / 'set.zip'


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / 'deep' / 'out'
    folder.mkdir(parents=True)
    return folder


def write_zip(path: Path, files: dict, **options) -> None:
    with zipfile.ZipFile(path, 'w', **options) as pack:
        for name, content in files.items():
            pack.writestr(name, content)


def write_tar(path: Path, files: dict, mode: str = 'w') -> None:
    with tarfile.open(path, mode) as tape:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tape.addfile(info, io.BytesIO(content))


def found(folder: Path) -> dict:
    paths = [path for path in folder.rglob('*') if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


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


def declare(archive: Path, size: int, content: bytes) -> None:
    """Change what the directory of a zip says of its first member."""
    raw = bytearray(archive.read_bytes())
    at = raw.index(b'PK\1\2')
    raw[at + 16 : at + 20] = struct.pack('<I', zlib.crc32(content))
    raw[at + 24 : at + 28] = struct.pack('<I', size)
    archive.write_bytes(raw)


@pytest.mark.parametrize('size', [1000, 5000])
def test_a_member_of_another_size_than_declared_is_refused(archive, out, size):
    write_zip(archive, FILES, compression=8)
    declare(archive, size, FILES['img_dir/train/a.tif'])
    with pytest.raises(DamagedArchiveError, match='expected a whole archive|expected 5000 bytes'):
        unpack(archive, out, HOLDS)


def test_a_member_never_gives_more_than_declared(archive, out):
    write_zip(archive, FILES, compression=8)
    declare(archive, 1000, FILES['img_dir/train/a.tif'][:1000])
    unpack(archive, out, HOLDS)
    assert (out / 'img_dir/train/a.tif').stat().st_size == 1000


def test_an_encrypted_member_is_refused(archive, out):
    write_zip(archive, FILES)
    raw = bytearray(archive.read_bytes())
    raw[raw.index(b'PK\1\2') + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(ValueError, match='expected readable plain files, img_dir/train/a.tif'):
        unpack(archive, out, HOLDS)


@pytest.mark.parametrize('kind', ['zip', 'tar', 'tar.gz', 'tar.xz'])
@pytest.mark.parametrize('damage', ['cut', 'flip', 'page'])
def test_a_damaged_archive_is_told_from_an_unsafe_one(archive, out, kind, damage):
    if kind == 'zip':
        write_zip(archive, FILES)
    else:
        write_tar(archive, FILES, 'w:' + kind[4:])
    raw = bytearray(archive.read_bytes())
    if damage == 'cut':
        # the end of the first file's blocks in the plain tar, where the next header is due
        del raw[3584 if kind == 'tar' else len(raw) // 2 :]
    elif damage == 'flip':
        # in the second header of the plain tar, since tar has no sums of contents
        raw[3600 if kind == 'tar' else 1000] ^= 0xFF
    else:
        raw = b'<html>please log in</html>'
    archive.write_bytes(raw)
    with pytest.raises(DamagedArchiveError, match=f'{archive}: expected a whole'):
        unpack(archive, out, HOLDS)


@pytest.mark.parametrize('compression', [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_packed_bytes_that_mean_nothing_are_damage(archive, out, compression):
    write_zip(archive, FILES, compression=compression)
    raw = bytearray(archive.read_bytes())
    start = raw.index(b'a.tif') + len('a.tif')
    raw[start : start + 40] = b'\xff' * 40
    archive.write_bytes(raw)
    with pytest.raises(DamagedArchiveError, match=f'{archive}: expected a whole'):
        unpack(archive, out, HOLDS)


def test_an_unknown_way_of_packing_is_one_clear_error(archive, out):
    write_zip(archive, FILES)
    raw = bytearray(archive.read_bytes())
    for mark, offset in ((b'PK\3\4', 8), (b'PK\1\2', 10)):
        raw[raw.index(mark) + offset] = 99
    archive.write_bytes(raw)
    with pytest.raises(DamagedArchiveError, match=f'{archive}: .*compression'):
        unpack(archive, out, HOLDS)


@pytest.mark.parametrize('kind', ['gz', 'xz'])
def test_a_compressed_tar_damaged_far_inside_is_told(archive, out, kind):
    write_tar(archive, {**FILES, 'ann_dir/train/b.png': os.urandom(300_000)}, 'w:' + kind)
    raw = bytearray(archive.read_bytes())
    raw[200_000:200_100] = bytes(100)
    archive.write_bytes(raw)
    with pytest.raises(DamagedArchiveError, match=f'{archive}: expected a whole'):
        unpack(archive, out, HOLDS)


def test_a_tar_cut_within_a_long_name_is_told(archive, out):
    write_tar(archive, {**FILES, 'x' * 300: b''})
    # two files, then a header that announces the name, and the name; what it is for is missing
    archive.write_bytes(archive.read_bytes()[: 3584 + 1024 + 1024])
    with pytest.raises(DamagedArchiveError, match=f'{archive}: expected a whole'):
        unpack(archive, out, HOLDS)


def test_too_full_a_disk_is_said_before_anything_is_written(archive, out, monkeypatch):
    write_zip(archive, FILES)
    usage = shutil.disk_usage(out)._replace(free=3399)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    with pytest.raises(OSError, match=f'{out}: expected 0 MB free, found 0 MB'):
        unpack(archive, out, HOLDS)
    assert not list(out.iterdir())
