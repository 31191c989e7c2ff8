"""Unpacking one folder of an archive, and nothing outside of where it belongs.

zipfile and tarfile (``filter='data'``) would mend what is unsafe, or skip it; here it is refused
before anything is written.
"""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from gzip import BadGzipFile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, NamedTuple, cast

from tqdm import tqdm

from ktda_mmseg.utils.files import CHUNK, require_space

EXPANSION = 100  # images and masks unpack to a few times the size of their archive
ENCRYPTED = 1  # bit of a zip member's flags
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a way of packing that zipfile does not know
)


class DamagedArchiveError(ValueError):
    """An archive is not what its publisher made."""


class Member(NamedTuple):
    """A file in an archive, of the size that it declares; plain if it is readable and no link."""

    path: PurePosixPath
    size: int
    plain: bool
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, out: Path, holds: Sequence[str]) -> None:
    """Unpack the folder of a zip or tar archive that holds certain others, wherever it lies.

    Args:
        archive (Path): The archive.
        out (Path): Existing folder, to become that folder.
        holds (Sequence[str]): Folders by which it is known, such as ``('img_dir', 'ann_dir')``.

    Raises:
        DamagedArchiveError: If the archive is not whole or a file in it not as declared.
        OSError: If the disk has too little room.
        ValueError: If the archive is not safe to unpack, or has not one such folder.
    """
    try:
        with _opened(archive) as members:
            _require_safe(members, archive)
            wanted = [member for member in members if not _is_litter(member.path)]
            root = _root([member.path for member in wanted], holds, archive)
            wanted = [member for member in wanted if member.path.is_relative_to(root)]
            total = sum(member.size for member in wanted)
            require_space(out, total)
            with tqdm(total=total, unit='B', unit_scale=True, desc='Unpacking') as progress:
                for member in wanted:
                    _write(member, out / member.path.relative_to(root), progress)
    except DAMAGE as error:
        raise DamagedArchiveError(f'{archive}: expected a whole archive: {error}') from error


@contextmanager
def _opened(path: Path) -> Iterator[list[Member]]:
    """Give the files of a zip or tar archive, compressed or not, unchecked."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            yield [
                Member(PurePosixPath(i.filename), i.file_size, _is_plain(i), partial(pack.open, i))
                for i in pack.infolist()
                if not i.is_dir()
            ]
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tape:
            members = tape.getmembers()
            _require_end(tape, path)
            yield [
                Member(PurePosixPath(i.name), i.size, i.isreg(), partial(tape.extractfile, i))
                for i in members
                if not i.isdir()
            ]
    else:
        raise DamagedArchiveError(f'{path}: expected a whole zip or tar archive')


def _is_plain(info: zipfile.ZipInfo) -> bool:
    # packers on systems without them leave Unix modes at 0
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind in (0, stat.S_IFREG) and not info.flag_bits & ENCRYPTED


def _require_end(tape: tarfile.TarFile, path: Path) -> None:
    stream = cast(IO[bytes], tape.fileobj)
    # tarfile takes a damaged header for the end, which is a block of zeros
    stream.seek(tape.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise DamagedArchiveError(f'{path}: expected a whole tar archive, it ends too early')
    # what it is compressed with compares its checksum where the stream ends
    while stream.read(CHUNK):
        pass


def _require_safe(members: Sequence[Member], archive: Path) -> None:
    """Refuse an archive that would write elsewhere, or other than files, or without end."""
    for member in members:
        # its rules hold for both kinds of paths; a backslash is a name's part on one system only
        windows = PureWindowsPath(member.path)
        if windows.anchor or '..' in windows.parts or '\\' in str(member.path):
            raise ValueError(f'{archive}: expected names inside it, found {str(member.path)!r}')
        if not member.plain:
            raise ValueError(f'{archive}: expected readable plain files, {member.path} is not one')
    # names that differ in case only are one file on some systems, and a file is no folder too
    count = Counter(PurePosixPath(str(member.path).casefold()) for member in members)
    folders = {parent for path in count for parent in path.parents}
    if twice := next((path for path in count if count[path] > 1 or path in folders), None):
        raise ValueError(f'{archive}: expected each file once, {twice} is there more than once')
    total, packed = sum(member.size for member in members), archive.stat().st_size
    if total > EXPANSION * packed:
        raise ValueError(
            f'{archive}: expected at most {EXPANSION} times its {packed} bytes, it declares {total}'
        )


def _is_litter(path: PurePosixPath) -> bool:
    """Tell what macOS adds to the archives it packs, in a shadow of the folders."""
    return '__MACOSX' in path.parts or path.name.startswith('._') or path.name == '.DS_Store'


def _root(paths: Sequence[PurePosixPath], holds: Sequence[str], archive: Path) -> PurePosixPath:
    folders = {parent for path in paths for parent in path.parents}
    roots = [folder for folder in folders if all(folder / name in folders for name in holds)]
    if len(roots) != 1:
        found = ', '.join(sorted(map(str, roots))) or 'none'
        raise ValueError(f'{archive}: expected one folder with {", ".join(holds)}, found {found}')
    return roots[0]


def _write(member: Member, path: Path, progress: tqdm) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # 'x': neither replaces what is there nor writes through a link
    with member.open() as source, path.open('xb') as file:  # type: ignore[union-attr]
        # zipfile and tarfile give no byte more than is declared
        while chunk := source.read(CHUNK):
            file.write(chunk)
            progress.update(len(chunk))
        if file.tell() != member.size:
            raise DamagedArchiveError(
                f'{member.path}: expected {member.size} bytes, found {file.tell()}'
            )
