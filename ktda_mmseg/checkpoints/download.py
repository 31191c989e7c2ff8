"""Fetching checkpoints into the local cache, whole or not at all."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import torch
from mmengine.dist import barrier, get_rank

from ktda_mmseg.utils.downloading import fetch
from ktda_mmseg.utils.files import atomic, hash_of

_HASH_IN_NAME = re.compile(r'-([0-9a-f]{8,64})\.[^.]+$')


def is_url(source: str) -> bool:
    """Tell an ``http(s)`` address from a path."""
    return source.startswith(('http://', 'https://'))


def local_file(url: str, sha256: str = '', timeout: float = 30.0) -> Path:
    """Return the cached copy of a file, downloading it first if there is none.

    The cache is torch.hub's (``$TORCH_HOME/hub/checkpoints``). A file appears in it only after it
    arrived whole and its hash was verified, so an interrupted transfer leaves nothing behind. In
    distributed training the first process downloads and the others wait.
    """
    name = Path(unquote(urlparse(url).path)).name
    if named := _HASH_IN_NAME.search(name):
        sha256 = sha256 or named[1]
    if not sha256:  # names such as model.safetensors are not unique
        name = f'{hashlib.sha256(url.encode()).hexdigest()[:8]}_{name}'
    path = Path(torch.hub.get_dir()) / 'checkpoints' / name
    try:
        if get_rank() == 0:
            _ensure(url, path, sha256, timeout)
    finally:
        barrier()
    if get_rank() != 0:  # finds the file, or fetches it where machines do not share the cache
        _ensure(url, path, sha256, timeout)
    return path


def _ensure(url: str, path: Path, sha256: str, timeout: float) -> None:
    if path.is_file() and hash_of(path).startswith(sha256):
        return
    try:
        with atomic(path) as partial:
            fetch(url, partial, sha256, timeout)
    except ValueError as error:
        raise ValueError(
            f'{error}; a copy brought by other means is looked for at {path}'
        ) from error
