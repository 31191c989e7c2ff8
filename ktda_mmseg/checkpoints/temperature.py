"""The temperature that a checkpoint notes, by which its logits become probabilities."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any

from ktda_mmseg.utils.files import atomic

from .reading import state_dict_of
from .writing import check_suffix, write_checkpoint

TEMPERATURE = 'temperature'  # in meta


def temperature_of(checkpoint: dict[str, Any], source: str | Path) -> float:
    """Return what ``ktda calibrate`` noted, 1 where it did not; ``ValueError`` if it is none."""
    value = (checkpoint.get('meta') or {}).get(TEMPERATURE, 1.0)
    if not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise ValueError(f'{source}: expected meta.temperature above 0, found {value!r}')
    return float(value)


def write_temperature(
    checkpoint: dict[str, Any], temperature: float, source: str | Path, out: Path
) -> None:
    """Write a checkpoint as it is, with a temperature in ``meta``, as a whole or not at all."""
    check_suffix(out)
    if 'state_dict' not in checkpoint:
        checkpoint = {'state_dict': state_dict_of(checkpoint, source)}
    meta = {**(checkpoint.get('meta') or {}), TEMPERATURE: temperature}
    with atomic(out, durable=True) as partial:
        write_checkpoint({**checkpoint, 'meta': meta}, partial)
