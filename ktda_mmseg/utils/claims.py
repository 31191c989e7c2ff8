"""Who works on what: a map, a cell or a GPU is of one process, until it ends in any way."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch
from filelock import BaseFileLock, FileLock, Timeout


def claim(path: Path, patience: float = 0) -> BaseFileLock | None:
    """Take what others work on too, until it is released or this process ends in any way.

    Args:
        path (Path): A file to lock; its folder is made if need be.
        patience (float): Seconds to wait for it. Default: 0.

    Returns:
        BaseFileLock | None: The lock, free again when it is collected; None if another has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    with suppress(Timeout):
        lock.acquire(timeout=patience)
        return lock
    return None


_claims: list[BaseFileLock] = []  # for as long as this process lives


@cache
def gpu() -> int | None:
    """Choose a GPU for this process that no other worker of the user has; None if there is none."""
    count = torch.cuda.device_count()
    names = os.environ.get('CUDA_VISIBLE_DEVICES') or ','.join(map(str, range(count)))
    for number, name in enumerate(names.split(',')[:count]):
        lock = claim(Path(tempfile.gettempdir(), f'ktda-{os.getuid()}-gpu-{name}.lock'))
        if lock is not None:
            _claims.append(lock)
            return number
    return os.getpid() % count if count else None
