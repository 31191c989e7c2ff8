"""Packages that only exports need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ktda_mmseg.utils.extras import needed_for


def import_for_export(name: str) -> Any:  # noqa: ANN401
    """Import a package of the extra ``export``.

    Args:
        name (str): Its module.

    Returns:
        Any: The module.

    Raises:
        ImportError: If it is not installed.
    """
    with needed_for('an exported model', extra='export'):
        return import_module(name)
