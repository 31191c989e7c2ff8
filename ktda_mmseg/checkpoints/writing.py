"""Writing checkpoints in the formats that are read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from ktda_mmseg.utils.files import json_text

SUFFIXES = ('.pth', '.pt', '.safetensors')


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Write plain ``meta`` and a ``state_dict`` of tensors in the format that the suffix names."""
    check_suffix(path)
    if path.suffix == '.safetensors':
        from safetensors.torch import save

        tensors = {key: value.contiguous() for key, value in checkpoint['state_dict'].items()}
        meta = {key: json_text(value) for key, value in checkpoint['meta'].items()}
        content = save(tensors, metadata={'format': 'pt', **meta})
    else:
        # in memory first: PyTorch's writer does not say that a disk is full
        torch.save(checkpoint, buffer := io.BytesIO())
        content = buffer.getvalue()
    path.write_bytes(content)


def check_suffix(path: Path) -> None:
    """Raise ``ValueError`` unless the suffix names a format of checkpoints."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: expected a file that ends in one of {", ".join(SUFFIXES)}')
