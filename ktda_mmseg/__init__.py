"""KTDA for MMSegmentation: importing this package registers its models, datasets and hooks."""

import os
from importlib import import_module

from .utils.environment import check_environment, quiet_imports
from .version import __version__

# OpenMP reads it when PyTorch is loaded: threads that wait give their core to other processes
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
check_environment()

with quiet_imports():
    from . import caching, datasets, engine, models, registry
    from .checkpoints import mmengine_globals
    from .models import FAM, FeatureKLDivLoss, FeatureL2Loss, FMMHead, KTDASegmentor
    from .studies import features
    from .utils.stacks import allow_while_mmengine_loads, ask_for_mmdet

allow_while_mmengine_loads(mmengine_globals)
ask_for_mmdet()

# what else stands here is imported when it is asked for, since GDAL and its like take time
LATER = {
    'RasterInferencer': 'scenes.map.raster_inferencer',
    'SceneInferencer': 'scenes.map.scene_inferencer',
    'check_dataset': 'scenes.api',
    'load_predictor': 'scenes.predictors',
    'prepare_rasters': 'scenes.api',
}

__all__ = [
    'FAM',
    'FMMHead',
    'FeatureKLDivLoss',
    'FeatureL2Loss',
    'KTDASegmentor',
    'RasterInferencer',
    'SceneInferencer',
    '__version__',
    'caching',
    'check_dataset',
    'datasets',
    'engine',
    'features',
    'load_predictor',
    'models',
    'prepare_rasters',
    'registry',
]


def __getattr__(name: str) -> object:
    if name not in LATER:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{LATER[name]}', __name__), name)
