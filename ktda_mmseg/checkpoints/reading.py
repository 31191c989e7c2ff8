"""Opening checkpoint files without running what they contain."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor

from ktda_mmseg.utils.extras import needed_for

_STATISTICS = ('min', 'max', 'current', 'mean')
_NUMBERS = ('?', 'b', 'h', 'i', 'l', 'q', 'B', 'H', 'I', 'L', 'Q', 'e', 'f', 'd')
_DTYPE_CLASSES = list({type(np.dtype(code)) for code in _NUMBERS})
_REFUSALS = (
    r'GLOBAL (.+?) was not an allowed global',
    r'unsupported GLOBAL (\S+)',
    r'reduce for unrecognized function (.+)',
    r'allowlisted via `add_safe_globals`,? but got (.+)',
)


def read_checkpoint(path: str | Path, *, allow_pickle: bool = False) -> dict[str, Any]:
    """Read a checkpoint into CPU memory.

    PyTorch files are opened with ``weights_only=True``, and besides tensors only what mmengine
    itself writes into a checkpoint (numpy numbers and arrays, ``HistoryBuffer``) is accepted.

    Args:
        path (str | Path): A ``.safetensors`` file, or any file written by ``torch.save``.
        allow_pickle (bool): Unpickle whatever the file names. Such a file can run any code: only
            for files from a trusted source.

    Returns:
        The dictionary in the file; for safetensors ``{'state_dict': tensors, 'meta': metadata}``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, is no checkpoint, or needs ``allow_pickle``.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    if path.suffix == '.safetensors':
        return _read_safetensors(path)
    try:
        with nullcontext() if allow_pickle else mmengine_globals():
            checkpoint = torch.load(path, map_location='cpu', weights_only=not allow_pickle)
    except (PermissionError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes torch raise nearly anything
        raise ValueError(_explain(path, error)) from error
    if not isinstance(checkpoint, dict):
        kind = type(checkpoint).__name__
        raise ValueError(f'{path}: expected a dictionary of weights, got a {kind}')
    return checkpoint


def state_dict_of(checkpoint: dict[str, Any], source: str | Path) -> dict[str, Tensor]:
    """Find the weights in a checkpoint of mmengine, of timm or of a research repository."""
    holders = [checkpoint[key] for key in ('state_dict', 'model') if key in checkpoint]
    weights = next((held for held in holders if isinstance(held, dict)), checkpoint)
    tensors = {str(key): value for key, value in weights.items() if isinstance(value, Tensor)}
    if not tensors:
        found = ', '.join(map(str, list(checkpoint)[:8])) or 'nothing'
        raise ValueError(
            f"{source}: expected weights under 'state_dict', 'model' or at the top, found {found}"
        )
    if all(key.startswith('module.') for key in tensors):
        tensors = {key[len('module.') :]: value for key, value in tensors.items()}
    return tensors


def mmengine_globals() -> AbstractContextManager[None]:
    """Allow exactly what a checkpoint of mmengine holds besides tensors, while it is read."""
    allowed = [HistoryBuffer, np.ndarray, np.dtype, *_DTYPE_CLASSES]
    allowed.append(_named(_statistics_method, 'builtins.getattr'))
    rebuilders: list[Any] = [np.float32(0).__reduce__()[0], np.zeros(1).__reduce__()[0]]
    for rebuild in rebuilders:
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):  # numpy 1 and 2
            allowed.append(_named(rebuild, f'{module}.{rebuild.__name__}'))
    # leaving the context forgets what it lists, so list nothing that was allowed before
    registered = torch.serialization.get_safe_globals()
    return torch.serialization.safe_globals([one for one in allowed if one not in registered])


def _read_safetensors(path: Path) -> dict[str, Any]:
    with needed_for(str(path), install='safetensors'):
        from safetensors import SafetensorError, safe_open
    try:
        with safe_open(path, framework='pt') as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
            meta = {key: _parse(value) for key, value in (file.metadata() or {}).items()}
    except SafetensorError as error:
        raise ValueError(f'{path} is damaged or no safetensors file: {error}') from error
    return {'state_dict': tensors, 'meta': meta}


def _parse(text: str) -> Any:  # noqa: ANN401
    """Read JSON, which ``write_checkpoint`` puts where only text fits; keep other text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _statistics_method(owner: type, name: str) -> Callable[..., Any]:
    """Stand in for the ``getattr`` by which ``HistoryBuffer`` pickles its own methods."""
    if owner is HistoryBuffer and name in _STATISTICS:
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(f'GLOBAL getattr({owner!r},{name!r}) was not an allowed global')


def _named(function: Callable[..., Any], path: str) -> Callable[..., Any]:
    """Wrap a function so that torch finds it under another dotted name."""

    def call(*args: Any) -> Any:  # noqa: ANN401
        return function(*args)

    call.__module__, _, call.__name__ = path.rpartition('.')
    # torch before 2.7 looks at the one, later ones at the other
    call.__qualname__ = call.__name__
    return call


def _explain(path: Path, error: Exception) -> str:
    """Say in one line why a file did not open, and what opens it."""
    for refusal in _REFUSALS:
        if found := re.search(refusal, str(error)):
            return (
                f'{path} needs {found[1]}, which is no plain weight and can run code; for a file '
                'from a trusted source only, pass allow_pickle=True (--allow-pickle)'
            )
    reason = str(error).strip().splitlines()[:1] or ['']
    return f'{path} is damaged or no checkpoint: {type(error).__name__}: {reason[0][:200]}'
