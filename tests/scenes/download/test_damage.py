"""An archive that was damaged on its way is told from an unsafe one."""

import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from ktda_mmseg.scenes.download.unpacking import DamagedArchiveError, unpack

from .conftest import FILES, HOLDS, write_tar, write_zip


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
