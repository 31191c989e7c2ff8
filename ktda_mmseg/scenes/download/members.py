"""What an archive holds, and which of it must not be unpacked."""

import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, NamedTuple, cast
from zipfile import ZipInfo

from ktda_mmseg.utils.files import CHUNK

EXPANSION = 100  # images and masks unpack to a few times the size of their archive
_ENCRYPTED = 1  # bit of a zip member's flags


class DamagedArchiveError(ValueError):
    """An archive is not what its publisher made."""


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        path (PurePosixPath): Its name.
        size (int): Bytes unpacked, as the archive declares.
        plain (bool): A readable file, and no link, device or pipe.
        open (Callable): Opens the content.
    """

    path: PurePosixPath
    size: int
    plain: bool
    open: Callable[[], IO[bytes] | None]


@contextmanager
def open_archive(path: Path) -> Iterator[list[Member]]:
    """Open a zip or tar archive, compressed or not.

    Args:
        path (Path): The archive.

    Yields:
        list[Member]: Its members but for folders, unchecked.

    Raises:
        DamagedArchiveError: If it is no such archive, or its end is missing.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            yield [
                Member(PurePosixPath(i.filename), i.file_size, _is_plain(i), partial(pack.open, i))
                for i in pack.infolist()
                if not i.is_dir()
            ]
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tape:
            yield [
                Member(PurePosixPath(i.name), i.size, i.isreg(), partial(tape.extractfile, i))
                for i in _whole(tape, path)
                if not i.isdir()
            ]
    else:
        raise DamagedArchiveError(f'{path}: expected a whole zip or tar archive')


def check_members(members: Sequence[Member], archive: Path) -> None:
    """Refuse an archive that would write elsewhere, or other than files, or without end.

    Args:
        members (Sequence[Member]): What it holds.
        archive (Path): The archive, named in the errors.

    Raises:
        ValueError: If a name is absolute or leaves the folder, if a member is encrypted or no plain
            file, if two members would be one file on some file system, or if what is declared is
            out of all proportion to the archive.
    """
    for member in members:
        # its rules hold for both kinds of paths; a backslash is a name's part on one system only
        windows = PureWindowsPath(member.path)
        if windows.anchor or '..' in windows.parts or '\\' in str(member.path):
            raise ValueError(f'{archive}: expected names inside it, found {str(member.path)!r}')
        if not member.plain:
            raise ValueError(f'{archive}: expected readable plain files, {member.path} is not one')
    if twice := _clash(PurePosixPath(str(member.path).casefold()) for member in members):
        raise ValueError(f'{archive}: expected each file once, {twice} is there more than once')
    total, packed = sum(member.size for member in members), archive.stat().st_size
    if total > EXPANSION * packed:
        raise ValueError(
            f'{archive}: expected at most {EXPANSION} times its {packed} bytes, it declares {total}'
        )


def _is_plain(info: ZipInfo) -> bool:
    # packers on systems without them leave Unix modes at 0
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind in (0, stat.S_IFREG) and not info.flag_bits & _ENCRYPTED


def _whole(tape: tarfile.TarFile, path: Path) -> list[tarfile.TarInfo]:
    members, stream = tape.getmembers(), cast(IO[bytes], tape.fileobj)
    # tarfile takes a damaged header for the end, which is a block of zeros
    stream.seek(tape.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise DamagedArchiveError(f'{path}: expected a whole tar archive, it ends too early')
    # what it is compressed with compares its checksum where the stream ends
    while stream.read(CHUNK):
        pass
    return members


def _clash(paths: Iterable[PurePosixPath]) -> PurePosixPath | None:
    count = Counter(paths)
    folders = {parent for path in count for parent in path.parents}
    return next((path for path in count if count[path] > 1 or path in folders), None)
