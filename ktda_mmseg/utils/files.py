"""Files that are whole or not there, their hashes, and text that users write in any editor."""

import codecs
import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

PREFIX = '.partial.'
CHUNK = 1 << 20  # bytes to read at once
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # which do not say for which file
MARKS = {  # what an editor may put first; of UTF-32 before that of UTF-16, which it begins with
    codecs.BOM_UTF8: 'utf-8-sig',
    codecs.BOM_UTF32_LE: 'utf-32',
    codecs.BOM_UTF32_BE: 'utf-32',
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
}


@contextmanager
def atomic(path: Path, durable: bool = False) -> Iterator[Path]:
    """Give a name to write to, beside the final one, and rename when the block succeeds.

    The name ends like the final one, so that what looks at suffixes is content.

    Args:
        path (Path): Where the file shall appear; its folder is made if need be.
        durable (bool): Wait until the content is on disk, so that it survives a loss of power.

    Yields:
        Path: The name to write to; it is removed if the block raises.

    Raises:
        OSError: What the block raises, with ``path`` if the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{PREFIX}{os.getpid()}.{path.name}')
    try:
        yield partial
        if durable:
            with partial.open('rb') as file:
                os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes, durable: bool = False) -> None:
    """Write a file as a whole; see :func:`atomic`."""
    with atomic(path, durable) as partial:
        partial.write_bytes(content)


def json_text(content: Any, **options: Any) -> str:  # noqa: ANN401
    """Turn a value into JSON that every parser takes.

    NaN and infinity, which JSON has not, become ``null``: there is no number.
    """
    return json.dumps(_finite(content), allow_nan=False, **options)


def write_json(path: Path, content: Any, **options: Any) -> None:  # noqa: ANN401
    """Write JSON as a whole; see :func:`json_text` and :func:`atomic`."""
    # file names may hold bytes that are no text, which JSON can escape
    text = f'{json_text(content, **options)}\n'.encode(errors='backslashreplace')
    write_atomic(path, text)


def _finite(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def remove_partial(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder and below it."""
    for partial in folder.rglob(f'{PREFIX}*'):
        partial.unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """Read a text file that a user wrote: UTF-8, or whatever its byte order mark says.

    UTF-16 without a mark is known by the zero bytes of its line ends and Latin letters.
    """
    return decode_text(path.read_bytes(), path)


def decode_text(content: bytes, path: Path | str) -> str:
    """Decode what a file holds; see :func:`read_text`."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), 'utf-8')
    if encoding == 'utf-8' and b'\0' in content[:CHUNK]:
        encoding = 'utf-16-be' if content[:1] == b'\0' else 'utf-16-le'
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = 1 + content.count(b'\n', 0, error.start)
        raise ValueError(
            f'{path}: expected text in UTF-8, found other bytes in line {line} (of Latin-1 or '
            'Windows-1252?); save the file as UTF-8'
        ) from None


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open('rb') as file:
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def require_space(folder: Path, size: int) -> None:
    """Raise ``OSError`` unless the disk of a folder has ``size`` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(f'{folder}: expected {size / 1e6:,.0f} MB free, found {free / 1e6:,.0f} MB')
