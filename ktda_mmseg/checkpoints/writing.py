"""Writing files that are whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

SUFFIXES = ('.pth', '.pt', '.safetensors')


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a name to write to, beside the final one, and rename when the block succeeds.

    Args:
        path (Path): Where the file shall appear; its folder is made if need be.

    Yields:
        The name to write to; it is removed if the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.stem}.{os.getpid()}.partial{path.suffix}')
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write ``{'meta': ..., 'state_dict': ...}`` in the format that the suffix names.

    Args:
        checkpoint (dict[str, Any]): Plain meta data, and tensors by key.
        path (Path): A ``.pth``, ``.pt`` or ``.safetensors`` file; in the latter, meta data is JSON.

    Raises:
        ValueError: The suffix is another.
    """
    check_suffix(path)
    if path.suffix == '.safetensors':
        from safetensors.torch import save_file

        tensors = {key: value.contiguous() for key, value in checkpoint['state_dict'].items()}
        meta = {key: json.dumps(value) for key, value in checkpoint['meta'].items()}
        save_file(tensors, path, metadata={'format': 'pt', **meta})
    else:
        torch.save(checkpoint, path)


def check_suffix(path: Path) -> None:
    """Raise ``ValueError`` unless the suffix names a format of checkpoints."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: expected a file that ends in one of {", ".join(SUFFIXES)}')
