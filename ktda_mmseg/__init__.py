"""KTDA for MMSegmentation: importing this package registers its models, datasets and hooks."""

import os

from .utils.environment import check_environment, quiet_imports
from .version import __version__

# OpenMP reads it when PyTorch is loaded: threads that wait give their core to other processes
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
check_environment()

with quiet_imports():
    from . import caching, datasets, engine, models
    from .checkpoints import register_safe_globals
    from .studies import features

# mmengine's own checkpoints then open without falling back to unsafe unpickling
register_safe_globals()

__all__ = ['__version__', 'caching', 'datasets', 'engine', 'features', 'models']
