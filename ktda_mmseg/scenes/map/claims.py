"""Two commands never work on one map: each claims those that it makes."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

FOLDER = '.at_work'


class Claims:
    """Maps of a folder that this process works on; use it as a context manager.

    They are locks on bytes of one file, one for each map whatever their number. The system frees
    them when the process ends in any way, on network drives too; where it has no locks, all claims
    are granted.

    Args:
        out (Path): Folder of the maps; it must exist when the first is claimed.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / FOLDER / 'lock'
        self._file: IO[str] | None = None

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        with self._file, suppress(OSError):
            # nobody else has it open, or is to find it after it is gone
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path.unlink()
            self._path.parent.rmdir()
        self._file = None

    def take(self, name: str) -> bool:
        """Claim a map.

        Args:
            name (str): Its name.

        Returns:
            bool: Whether no other process has it.
        """
        if self._file is None:
            self._file = self._open()
        number = int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:7], 'big')
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1 + number)
        except (BlockingIOError, PermissionError):  # systems differ in what they say
            return False
        except OSError:
            return True
        return True

    def _open(self) -> IO[str]:
        """Open the file, and lock its first byte together with all who have it open."""
        while True:
            self._path.parent.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # the last one has just removed it
                file = self._path.open('a+')
                with suppress(OSError):
                    fcntl.lockf(file, fcntl.LOCK_SH, 1)
                if os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    return file
                file.close()
