"""Backbones that mmpretrain lacks, for students and teachers."""

from .efficientnet_lite import EfficientNetLite, EfficientNetLite0
from .galileo import Galileo
from .onnx_backbone import OnnxBackbone
from .timm_backbone import TimmBackbone
from .wrappers import EnlargedBackbone, PyramidBackbone

__all__ = [
    'EfficientNetLite',
    'EfficientNetLite0',
    'EnlargedBackbone',
    'Galileo',
    'OnnxBackbone',
    'PyramidBackbone',
    'TimmBackbone',
]
