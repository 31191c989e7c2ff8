"""Weights in and out: reading checkpoint files, loading them, translating their key names."""

from .loading import LoadReport, load_pretrained
from .reading import mmengine_globals, read_checkpoint

__all__ = ['LoadReport', 'load_pretrained', 'mmengine_globals', 'read_checkpoint']
