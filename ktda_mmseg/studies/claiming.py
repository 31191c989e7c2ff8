"""Claims on cells: locks that the system frees when the last process that holds them ends."""

import fcntl
from pathlib import Path
from typing import IO

LOCK = 'lock'


def claim(folder: Path) -> IO[str] | None:
    """Take a cell, if no other process has it.

    Args:
        folder (Path): Work folder of the cell; it is made if need be.

    Returns:
        IO[str] | None: An open file; the claim lasts until it is closed here and in every process
        that inherited it. None if another process has the cell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open('a')
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_claimed(folder: Path) -> bool:
    """Tell whether a process has the cell of a work folder."""
    if not (folder / LOCK).is_file():
        return False
    file = claim(folder)
    if file is None:
        return True
    file.close()
    return False
