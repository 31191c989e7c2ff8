"""Renaming the tensors of a checkpoint by rules, leaving none unaccounted for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn


@dataclass(frozen=True)
class Conversion:
    """Weights in another layout."""

    layout: str
    weights: dict[str, Tensor]
    dropped: tuple[str, ...]

    def __str__(self) -> str:
        """List counts by part, and what was dropped."""
        lines = [
            f'{len(self.weights)} tensors from the {self.layout} layout: {parts(self.weights)}'
        ]
        if self.dropped:
            lines.append(f'left out: {shorten(self.dropped)}')
        return '\n'.join(lines)


def rename(
    weights: dict[str, Tensor],
    rules: Sequence[tuple[str, str | None]],
    layout: str,
    source: str | Path,
) -> Conversion:
    """Rename every tensor by the first rule that matches its whole key; None leaves it out.

    ``ValueError`` where no rule matches a key, or two keys get the same name.
    """
    renamed: dict[str, Tensor] = {}
    dropped, unknown = [], []
    for key, value in weights.items():
        matches = ((re.fullmatch(pattern, key), new) for pattern, new in rules)
        found, replacement = next((match for match in matches if match[0]), (None, None))
        if found is None:
            unknown.append(key)
        elif replacement is None:
            dropped.append(key)
        elif (name := found.expand(replacement)) in renamed:
            raise ValueError(f'{source}: {key} is a second source of {name}')
        else:
            renamed[name] = value
    if unknown:
        raise ValueError(
            f'{source}: {len(unknown)} of {len(weights)} keys are unknown to the {layout} layout: '
            f'{shorten(unknown)}'
        )
    return Conversion(layout, renamed, tuple(dropped))


def check_weights(weights: dict[str, Tensor], module: nn.Module, source: str | Path) -> None:
    """Check that weights are exactly a module's, in names and shapes.

    Only step counters and the like, which are integers, may be missing.
    """
    expected, name = module.state_dict(), type(module).__name__
    learned = [key for key, value in expected.items() if value.is_floating_point()]
    if lacking := [key for key in learned if key not in weights]:
        raise ValueError(f'{source}: {name} also needs {shorten(lacking)}')
    if extra := [key for key in weights if key not in expected]:
        raise ValueError(f'{source}: {name} has no place for {shorten(extra)}')
    for key, value in weights.items():
        shape, found = (tuple(tensor.shape) for tensor in (expected[key], value))
        if found != shape:
            raise ValueError(f'{source}: {key}: expected shape {shape}, found {found}')


def parts(keys: Iterable[str], depth: int = 1) -> str:
    """Count keys by the first components of their names."""
    counts = Counter('.'.join(key.split('.')[:depth]) for key in keys)
    return ', '.join(f'{part} ({count})' for part, count in counts.most_common(12))


def shorten(keys: Sequence[str]) -> str:
    """List at most four keys, and how many more there are."""
    more = f', and {len(keys) - 4} more' if len(keys) > 4 else ''
    return ', '.join(keys[:4]) + more
