"""What goes wrong with exports, in one line."""

from __future__ import annotations


class ExportError(ValueError):
    """A model that a format cannot express, or that it computes differently."""


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, or the kind of error where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
