"""Unpacking one folder of an archive, and nothing outside of where it belongs."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from gzip import BadGzipFile
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from ktda_mmseg.utils.files import CHUNK, require_space

from .members import DamagedArchiveError, Member, check_members, open_archive

_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a way of packing that zipfile does not know
)


def unpack(archive: Path, out: Path, holds: Sequence[str]) -> None:
    """Unpack the folder of an archive that holds certain others, wherever it lies in there.

    Args:
        archive (Path): A zip or tar archive.
        out (Path): Existing folder, to become that folder.
        holds (Sequence[str]): Folders by which it is known, such as ``('img_dir', 'ann_dir')``.

    Raises:
        DamagedArchiveError: If the archive is not whole or a file in it not as declared.
        OSError: If the disk has too little room.
        ValueError: If the archive is not safe to unpack, or has not one such folder.
    """
    try:
        with open_archive(archive) as members:
            check_members(members, archive)
            wanted = [member for member in members if not _is_litter(member.path)]
            root = _find_root([member.path for member in wanted], holds, archive)
            wanted = [member for member in wanted if member.path.is_relative_to(root)]
            total = sum(member.size for member in wanted)
            require_space(out, total)
            with tqdm(total=total, unit='B', unit_scale=True, desc='Unpacking') as progress:
                for member in wanted:
                    path = out / member.path.relative_to(root)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _write(member, path, progress)
    except _DAMAGE as error:
        raise DamagedArchiveError(f'{archive}: expected a whole archive: {error}') from error


def _write(member: Member, path: Path, progress: tqdm) -> None:
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


def _find_root(
    paths: Iterable[PurePosixPath], holds: Sequence[str], archive: Path
) -> PurePosixPath:
    folders = {parent for path in paths for parent in path.parents}
    roots = [folder for folder in folders if all(folder / name in folders for name in holds)]
    if len(roots) != 1:
        found = ', '.join(sorted(map(str, roots))) or 'none'
        raise ValueError(f'{archive}: expected one folder with {", ".join(holds)}, found {found}')
    return roots[0]


def _is_litter(path: PurePosixPath) -> bool:
    """Tell what macOS adds to the archives it packs, in a shadow of the folders."""
    return '__MACOSX' in path.parts or path.name.startswith('._') or path.name == '.DS_Store'
