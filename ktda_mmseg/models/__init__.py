"""Models of KTDA, in the order that an image takes.

``data_preprocessor`` normalises it, ``backbones`` (or mmpretrain) make a pyramid of it, ``fam``
aligns that with the teacher's maps, ``fmm`` adapts (``modulation``) and decodes it, and
``label_losses`` compare it with the labels. Meanwhile ``teacher`` looks at the image by
``teacher_inputs``, or ``teacher_maps`` come from a cache, and ``transfer`` standardises them and
compares them with the student's by ``losses``. ``segmentor`` holds all of it.
"""

from . import backbones
from .data_preprocessor import MultiBandSegDataPreProcessor
from .fam import FAM
from .fmm import FMMHead
from .label_losses import CrossEntropyLoss, SigmoidFocalLoss, SoftCrossEntropyLoss
from .losses import (
    FeatureKLDivLoss,
    FeatureL2Loss,
    FeatureQueryLoss,
    FeatureRelationLoss,
)
from .official_step import OfficialFAM, OfficialStepSegmentor
from .seg_tta import BinarySegTTAModel
from .segmentor import KTDASegmentor
from .teacher import FrozenTeacher, FrozenTeachers

__all__ = [
    'FAM',
    'BinarySegTTAModel',
    'CrossEntropyLoss',
    'FMMHead',
    'FeatureKLDivLoss',
    'FeatureL2Loss',
    'FeatureQueryLoss',
    'FeatureRelationLoss',
    'FrozenTeacher',
    'FrozenTeachers',
    'KTDASegmentor',
    'MultiBandSegDataPreProcessor',
    'OfficialFAM',
    'OfficialStepSegmentor',
    'SigmoidFocalLoss',
    'SoftCrossEntropyLoss',
    'backbones',
]
