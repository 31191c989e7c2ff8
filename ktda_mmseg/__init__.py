"""KTDA for MMSegmentation: importing this package registers its models, datasets and hooks."""

import os

from .environment import check_environment, quiet_imports
from .version import __version__

# OpenMP reads it when PyTorch is loaded: threads that wait give their core to other processes
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
check_environment()

with quiet_imports():
    from . import analysis, caching, datasets, engine, models
    from .checkpoints import register_safe_globals

# mmengine's own checkpoints then open without falling back to unsafe unpickling
register_safe_globals()

__all__ = ['__version__', 'analysis', 'caching', 'datasets', 'engine', 'models']
