"""Models of KTDA: segmentor, teacher, alignment, modulation and transfer losses."""

from . import backbones
from .data_preprocessor import MultiBandSegDataPreProcessor
from .fam import FAM
from .fmm import FMMHead
from .focal_loss import SigmoidFocalLoss
from .losses import FeatureKLDivLoss, FeatureL2Loss
from .official_step import OfficialFAM, OfficialStepSegmentor
from .seg_tta import BinarySegTTAModel
from .segmentor import KTDASegmentor
from .soft_cross_entropy import SoftCrossEntropyLoss
from .teacher import FrozenTeacher, FrozenTeachers
from .token_losses import FeatureQueryLoss, FeatureRelationLoss

__all__ = [
    'FAM',
    'BinarySegTTAModel',
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
