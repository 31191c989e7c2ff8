"""KTDA for MMSegmentation: importing this package registers its models, datasets and hooks."""

import os

from .utils.environment import check_environment, quiet_imports
from .version import __version__

# OpenMP reads it when PyTorch is loaded: threads that wait give their core to other processes
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
check_environment()

with quiet_imports():
    from . import caching, datasets, engine, models
    from .checkpoints import mmengine_globals
    from .studies import features
    from .utils.stacks import allow_while_mmengine_loads, ask_for_mmdet

allow_while_mmengine_loads(mmengine_globals)
ask_for_mmdet()

__all__ = ['__version__', 'caching', 'datasets', 'engine', 'features', 'models']
