"""Models of KTDA: segmentor, teacher, alignment, modulation and transfer losses."""

from . import backbones
from .fam import FAM
from .fmm import FMMHead
from .losses import FeatureKLDivLoss, FeatureL2Loss
from .segmentor import KTDASegmentor
from .teacher import FrozenTeacher

__all__ = [
    'FAM',
    'FMMHead',
    'FeatureKLDivLoss',
    'FeatureL2Loss',
    'FrozenTeacher',
    'KTDASegmentor',
    'backbones',
]
