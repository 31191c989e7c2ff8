"""Weights in and out: reading checkpoint files, loading them, translating their key names."""

from .loading import LoadReport, load_pretrained
from .reading import read_checkpoint, register_safe_globals

__all__ = ['LoadReport', 'load_pretrained', 'read_checkpoint', 'register_safe_globals']
