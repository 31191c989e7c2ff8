"""Backbones that mmpretrain lacks, for students and teachers."""

from .efficientnet_lite import EfficientNetLite, EfficientNetLite0
from .enlarged import EnlargedBackbone
from .galileo import Galileo
from .onnx_backbone import OnnxBackbone
from .pyramid_backbone import PyramidBackbone
from .timm_backbone import TimmBackbone

__all__ = [
    'EfficientNetLite',
    'EfficientNetLite0',
    'EnlargedBackbone',
    'Galileo',
    'OnnxBackbone',
    'PyramidBackbone',
    'TimmBackbone',
]
