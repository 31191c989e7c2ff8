"""From a trained model to finished maps: whole georeferenced scenes, models for elsewhere."""

from .products import Products
from .scene_inferencer import SceneInferencer

__all__ = ['Products', 'SceneInferencer']
