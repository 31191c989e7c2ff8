"""Packages that only exports need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_for_export(name: str) -> Any:  # noqa: ANN401
    """Import a package of the extra ``export``.

    Args:
        name (str): Its module.

    Returns:
        Any: The module.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"exported models need {name.partition('.')[0]}: pip install 'ktda-mmseg[export]'"
        ) from error
